#include "train/adapters/fit_scores.h"

#include "autograd/ops/losses.h"
#include "core/error.h"
#include "core/philox.h"
#include "train/adapters/feature_update.h"
#include "train/evaluate/classification.h"
#include "train/optimizer.h"
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tandem {
namespace {

constexpr int32_t padding = -100;  // label of rows that fill a batch

class Fit {
 public:
  Fit(const ScoreGraph& build, const LabelledRows& pictures, Variables& variables,
      const FitOptions& options)
      : pictures_(pictures),
        options_(options),
        batch_(std::min(options.train.batch_size, pictures.size())),
        steps_per_epoch_((pictures.size() + batch_ - 1) / batch_),
        schedule_(options.train, steps_per_epoch_, options.train.epochs * steps_per_epoch_) {
    Graph graph;
    const int64_t E = pictures.features->width();
    const Tensor features = graph.input("features", {DType::f32, {batch_, E}});
    const Tensor labels = graph.input("labels", {DType::i32, {batch_}});
    const Tensor loss =
        cross_entropy(build(graph, features), labels, options.train.label_smoothing, padding);
    const Tensor norm = add_feature_update(loss, options.train);
    program_ = std::make_unique<Program>(graph, variables, std::vector<Tensor>{loss, norm});
    for (const Variable& variable : graph.variables()) {
      if (variable.kind == Variable::Kind::trainable) names_.push_back(variable.name);
    }
  }

  FitEpoch epoch(int64_t number) {
    step_ = number * steps_per_epoch_;
    const std::vector<int64_t> order = order_of(number);
    FitEpoch told{.epoch = number + 1};
    for (int64_t begin = 0; begin < pictures_.size(); begin += batch_) {
      const int64_t count = std::min(batch_, pictures_.size() - begin);
      const double loss = step(std::span(order).subspan(static_cast<size_t>(begin),
                                                        static_cast<size_t>(count)), told);
      told.loss += loss * static_cast<double>(count) / static_cast<double>(pictures_.size());
    }
    told.step = step_;
    return told;
  }

  const std::vector<std::string>& trained() const { return names_; }

 private:
  std::vector<int64_t> order_of(int64_t epoch) const {
    std::vector<int64_t> order(static_cast<size_t>(pictures_.size()));
    std::iota(order.begin(), order.end(), 0);
    Random random(options_.seed, static_cast<uint64_t>(epoch), 0, RandomUse::shuffle);
    for (size_t i = order.size(); i > 1; --i) {  // Fisher & Yates
      std::swap(order[i - 1], order[random.below(static_cast<uint32_t>(i))]);
    }
    return order;
  }

  double step(std::span<const int64_t> chosen, FitEpoch& told) {
    std::vector<int64_t> rows;
    std::vector<int32_t> labels;
    for (const int64_t i : chosen) {
      rows.push_back(pictures_.rows[static_cast<size_t>(i)]);
      labels.push_back(pictures_.labels[static_cast<size_t>(i)]);
    }
    rows.resize(static_cast<size_t>(batch_), rows.front());
    labels.resize(static_cast<size_t>(batch_), padding);
    pictures_.features->read(rows, features_);
    const TrainConfig& train = options_.train;
    told.lr = schedule_.at(step_);
    const std::vector<float> hyper = optimizer_numbers(train, told.lr, ++step_);
    const uint64_t ticket = program_->run({{"features", as_feed(features_)},
                                           {"labels", as_feed(labels)},
                                           {"hyper", as_feed(hyper)}});
    const double loss = program_->fetch(ticket, 0)[0];
    told.gradient_norm = program_->fetch(ticket, 1)[0];
    if (!std::isfinite(loss) || !std::isfinite(told.gradient_norm)) {
      fail<Error>("step {}: the loss is {} and the gradients' norm {}; lower train.lr.", step_,
                  loss, told.gradient_norm);
    }
    return loss;
  }

  const LabelledRows& pictures_;
  const FitOptions& options_;
  int64_t batch_;
  int64_t steps_per_epoch_;
  Schedule schedule_;
  std::unique_ptr<Program> program_;
  std::vector<std::string> names_;
  std::vector<float> features_;
  int64_t step_ = 0;
};

}  // namespace

FitResult fit_scores(const ScoreGraph& build, const VariableValues& start,
                     const LabelledRows& pictures, const LabelledRows* validation, Device& device,
                     const FitOptions& options) {
  Variables variables(device);
  Fit fit(build, pictures, variables, options);
  variables.initialize(options.seed);
  for (const auto& [name, values] : start) variables.set(name, values);
  std::optional<FeatureScorer> scorer;
  if (validation) scorer.emplace(build, pictures.features->width(), variables);
  const auto epoch = [&](int64_t number) {
    FitEpoch told = fit.epoch(number);
    if (validation) {
      const std::vector<float> scores = scorer->scores(*validation);
      told.validation = accuracy(ranks_of(scores, validation->labels));
      told.validation_loss = cross_entropy_of(scores, validation->labels);
    }
    return told;
  };
  FitWatcher nobody;
  return run_epochs(options.train.epochs, fit.trained(), variables, epoch,
                    options.watcher ? *options.watcher : nobody);
}

}  // namespace tandem
