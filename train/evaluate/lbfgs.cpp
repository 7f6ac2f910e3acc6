#include "train/evaluate/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace tandem {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add(Vector& to, double factor, const Vector& more) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * more[i];
}

// s = x' - x, y = gradient' - gradient of one step.
struct Step {
  Vector s, y;
  double curvature;  // s . y, positive
};

// Minus the inverse Hessian, as the steps show it, times the gradient (algorithm 7.4).
Vector direction(const std::deque<Step>& steps, const Vector& gradient) {
  Vector d = gradient;
  std::vector<double> alphas(steps.size());
  for (size_t i = steps.size(); i-- > 0;) {
    alphas[i] = dot(steps[i].s, d) / steps[i].curvature;
    add(d, -alphas[i], steps[i].y);
  }
  double scale = 1 / std::max(1.0, std::sqrt(dot(gradient, gradient)));  // of the first step
  if (!steps.empty()) scale = steps.back().curvature / dot(steps.back().y, steps.back().y);
  for (double& value : d) value *= scale;
  for (size_t i = 0; i < steps.size(); ++i) {
    add(d, alphas[i] - dot(steps[i].y, d) / steps[i].curvature, steps[i].s);
  }
  for (double& value : d) value = -value;
  return d;
}

double largest(const Vector& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

}  // namespace

std::vector<double> minimize(const Objective& objective, std::vector<double> x,
                             const LbfgsOptions& options) {
  constexpr double enough = 1e-4;  // share of the promised fall that a step must bring
  constexpr int halvings = 30;
  Vector gradient(x.size()), next(x.size()), next_gradient(x.size());
  double value = objective(x, gradient);
  std::deque<Step> steps;
  for (int64_t i = 0; i < options.iterations && largest(gradient) > options.tolerance; ++i) {
    const Vector d = direction(steps, gradient);
    const double slope = dot(d, gradient);
    double length = 1, next_value = value;
    bool lower = false;
    for (int halving = 0; halving < halvings && !lower; ++halving, length /= 2) {
      next = x;
      add(next, length, d);
      next_value = objective(next, next_gradient);
      lower = next_value <= value + enough * length * slope && next_value < value;
    }
    if (!lower) break;
    Step step{next, next_gradient, 0};
    add(step.s, -1, x);
    add(step.y, -1, gradient);
    step.curvature = dot(step.s, step.y);
    if (step.curvature > 1e-12 * dot(step.y, step.y)) steps.push_back(std::move(step));
    if (steps.size() > options.history) steps.pop_front();
    x.swap(next);
    gradient.swap(next_gradient);
    value = next_value;
  }
  return x;
}

}  // namespace tandem
