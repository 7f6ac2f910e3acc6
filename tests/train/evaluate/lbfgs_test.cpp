#include "train/evaluate/lbfgs.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

TEST_CASE("lbfgs_finds_the_minimum_of_a_badly_scaled_quadratic") {
  int calls = 0;
  const Objective bowl = [&](std::span<const double> x, std::span<double> gradient) {
    ++calls;
    double value = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double scale = std::pow(10, static_cast<double>(i)), away = x[i] - 1;
      value += scale * away * away / 2;
      gradient[i] = scale * away;
    }
    return value;
  };
  const auto x = minimize(bowl, std::vector<double>(5));
  for (const double value : x) CHECK(std::abs(value - 1) <= 1e-4);
  CHECK(calls <= 100);
}

TEST_CASE("lbfgs_finds_the_end_of_rosenbrocks_valley") {
  const Objective valley = [](std::span<const double> x, std::span<double> gradient) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  const auto x = minimize(valley, {-1.2, 1});
  CHECK(std::abs(x[0] - 1) <= 1e-4);
  CHECK(std::abs(x[1] - 1) <= 1e-4);
}

TEST_CASE("lbfgs_stays_where_no_step_goes_down") {
  const Objective lies = [](std::span<const double>, std::span<double> gradient) {
    gradient[0] = 1;
    return 0.0;
  };
  CHECK(minimize(lies, {3}) == std::vector<double>{3});
}
