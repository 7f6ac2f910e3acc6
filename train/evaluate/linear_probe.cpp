#include "train/evaluate/linear_probe.h"

#include "autograd/ops/losses.h"
#include "autograd/ops/matmul.h"
#include "autograd/program.h"
#include "core/error.h"
#include "train/evaluate/classification.h"
#include "train/evaluate/lbfgs.h"
#include "train/evaluate/scores.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tandem {
namespace {

constexpr int64_t largest_block = 8192;  // pictures on the device at once
constexpr int32_t padding = -100;        // label of rows that fill a block

// The loss of all pictures and its gradient, block by block.
class LogisticLoss {
 public:
  LogisticLoss(const LabelledRows& pictures, int64_t classes, double weight_decay, Device& device)
      : pictures_(pictures),
        weights_(static_cast<size_t>(classes * pictures.features->width())),
        biases_(static_cast<size_t>(classes)),
        weight_decay_(weight_decay),
        block_(std::min(largest_block, pictures.size())),
        variables_(device) {
    const int64_t E = pictures.features->width();
    Graph graph;
    const Tensor x = graph.input("x", {DType::f32, {block_, E}});
    const Tensor labels = graph.input("labels", {DType::i32, {block_}});
    const Tensor W = graph.parameter("weight", {classes, E}, Initializer::zeros());
    const Tensor b = graph.parameter("bias", {classes}, Initializer::zeros());
    const Tensor loss = cross_entropy(linear(x, W, b), labels, 0, padding);
    std::vector<Tensor> fetches = gradients(loss, {W, b});
    fetches.push_back(loss);
    program_ = std::make_unique<Program>(graph, variables_, fetches);
  }

  // parameters: W, then b.
  double operator()(std::span<const double> parameters, std::span<double> gradient) {
    const std::vector<float> values(parameters.begin(), parameters.end());
    variables_.set("weight", std::span(values).first(weights_));
    variables_.set("bias", std::span(values).last(biases_));
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double loss = 0;
    for (int64_t begin = 0; begin < pictures_.size(); begin += block_) {
      loss += add_block(begin, std::min(block_, pictures_.size() - begin), gradient);
    }
    for (size_t i = 0; i < weights_; ++i) {
      loss += weight_decay_ / 2 * parameters[i] * parameters[i];
      gradient[i] += weight_decay_ * parameters[i];
    }
    return loss;
  }

 private:
  double add_block(int64_t begin, int64_t count, std::span<double> gradient) {
    const int64_t E = pictures_.features->width();
    pictures_.read(begin, count, x_);
    x_.resize(static_cast<size_t>(block_ * E));
    labels_.assign(pictures_.labels.begin() + begin, pictures_.labels.begin() + begin + count);
    labels_.resize(static_cast<size_t>(block_), padding);
    const uint64_t ticket = program_->run({{"x", as_feed(x_)}, {"labels", as_feed(labels_)}});
    const double share = static_cast<double>(count) / static_cast<double>(pictures_.size());
    const std::vector<float> weight = program_->fetch(ticket, 0), bias = program_->fetch(ticket, 1);
    for (size_t i = 0; i < weights_; ++i) gradient[i] += share * weight[i];
    for (size_t i = 0; i < biases_; ++i) gradient[weights_ + i] += share * bias[i];
    return share * program_->fetch(ticket, 2)[0];
  }

  const LabelledRows& pictures_;
  size_t weights_, biases_;
  double weight_decay_;
  int64_t block_;
  Variables variables_;
  std::unique_ptr<Program> program_;
  std::vector<float> x_;
  std::vector<int32_t> labels_;
};

}  // namespace

LinearClassifier fit_linear(const LabelledRows& pictures, int64_t classes, double weight_decay,
                            Device& device) {
  if (!(weight_decay >= 0)) {
    fail<ConfigError>("linear: the weight decay is {}; it must be 0 or more.", weight_decay);
  }
  LogisticLoss loss(pictures, classes, weight_decay, device);
  const auto weights = static_cast<size_t>(classes * pictures.features->width());
  const std::vector<double> found =
      minimize(std::ref(loss), std::vector<double>(weights + static_cast<size_t>(classes)));
  const auto middle = found.begin() + static_cast<std::ptrdiff_t>(weights);
  return {{found.begin(), middle}, {middle, found.end()}};
}

std::vector<int32_t> linear_ranks(const LinearClassifier& classifier,
                                  const LabelledRows& pictures) {
  constexpr int64_t chunk = 4096;
  const int64_t E = pictures.features->width();
  std::vector<int32_t> ranks;
  std::vector<float> features, scores(classifier.bias.size());
  for (int64_t begin = 0; begin < pictures.size(); begin += chunk) {
    const int64_t count = std::min(chunk, pictures.size() - begin);
    pictures.read(begin, count, features);
    for (int64_t i = 0; i < count; ++i) {
      for (size_t c = 0; c < scores.size(); ++c) {
        scores[c] = classifier.bias[c] + score(features.data() + i * E,
                                               classifier.weight.data() +
                                                   static_cast<int64_t>(c) * E, E);
      }
      ranks.push_back(rank_of_label(scores, pictures.labels[static_cast<size_t>(begin + i)]));
    }
  }
  return ranks;
}

WeightDecayTrial choose_weight_decay(const LabelledRows& train, const LabelledRows& validation,
                                     int64_t classes, std::vector<double> candidates,
                                     Device& device) {
  std::map<double, double> accuracies;  // by weight decay
  const auto best = [&] {
    WeightDecayTrial found{0, -1};
    for (const auto& [weight_decay, share] : accuracies) {
      if (share >= found.accuracy) found = {weight_decay, share};
    }
    return found;
  };
  const auto attempt = [&](double weight_decay) {
    if (accuracies.contains(weight_decay)) return;
    const LinearClassifier classifier = fit_linear(train, classes, weight_decay, device);
    accuracies[weight_decay] = accuracy(linear_ranks(classifier, validation));
  };
  const bool search = candidates.empty();
  if (search) candidates = {1e-8, 1e-6, 1e-4, 1e-2, 1, 1e2};
  for (const double weight_decay : candidates) attempt(weight_decay);
  for (double step = 1; search && step >= 0.125; step /= 2) {  // in decades
    const double centre = std::log10(best().weight_decay);
    attempt(std::pow(10, centre - step));
    attempt(std::pow(10, centre + step));
  }
  return best();
}

}  // namespace tandem
