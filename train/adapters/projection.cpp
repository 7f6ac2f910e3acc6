#include "train/adapters/projection.h"

#include "autograd/ops/losses.h"
#include "autograd/ops/matmul.h"
#include "core/error.h"
#include "core/version.h"
#include "models/adapters/feature_projection.h"
#include "train/adapters/adapter_outcome.h"
#include "train/adapters/feature_update.h"
#include "train/adapters/projection_pairs.h"
#include "train/config/reference.h"
#include "train/evaluate/eval_report.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include "train/weights/load.h"

#include <cmath>
#include <optional>

namespace tandem {
namespace {

// Every variable, in one order in every graph; a side that is not mapped keeps its features.
struct Projections {
  Projections(Graph& graph, const RunConfig& config, int64_t width) {
    const std::string& side = config.adapter.projection.side;
    if (side != "image") text.emplace(graph, "text_projection", width);
    if (side != "text") image.emplace(graph, "image_projection", width);
    logit_scale = graph.parameter("logit_scale", {},
                                  Initializer::constant(std::log(config.adapter.logit_scale)));
    if (config.train.loss == "siglip") {
      logit_bias = graph.parameter("logit_bias", {},
                                   Initializer::constant(*config.model.init_logit_bias));
    }
  }

  Tensor loss(Tensor images, Tensor texts, double smoothing) const {
    const FullPrecision precision(images.graph());
    if (image) images = image->forward(images);
    if (text) texts = text->forward(texts);
    const Tensor cosines = matmul(images, texts, false, true);
    return logit_bias ? sigmoid_loss(cosines, logit_scale, logit_bias)
                      : contrastive_loss(cosines, logit_scale, smoothing);
  }

  std::optional<FeatureProjection> text, image;
  Tensor logit_scale, logit_bias;
};

class ProjectionFit {
 public:
  ProjectionFit(const FeatureSet& set, const ProjectionPairs& pairs, const RunConfig& config,
                Device& device)
      : set_(set),
        pairs_(pairs),
        config_(config),
        batch_(std::min<int64_t>(config.train.batch_size, std::ssize(pairs.train))),
        steps_(std::ssize(pairs.train) / batch_),
        schedule_(config.train, steps_, steps_ * config.train.epochs),
        variables_(device) {
    const int64_t E = set.images->width();
    Graph graph;
    const Projections model(graph, config, E);
    const Tensor loss = model.loss(graph.input("images", {DType::f32, {batch_, E}}),
                                   graph.input("texts", {DType::f32, {batch_, E}}),
                                   config.train.label_smoothing);
    const Tensor norm = add_feature_update(loss, config.train);
    program_ = std::make_unique<Program>(graph, variables_, std::vector<Tensor>{loss, norm});
    const auto mapped = [&](bool text) -> ScoreGraph {
      return [&config, E, text](Graph& inner, Tensor features) {
        const Projections same(inner, config, E);
        const auto& side = text ? same.text : same.image;
        return side ? side->forward(features) : features;
      };
    };
    if (model.text) texts_.emplace(mapped(true), E, variables_);
    if (model.image) images_.emplace(mapped(false), E, variables_);
    variables_.initialize(config.seed);
    for (const Variable& variable : graph.variables()) {
      if (variable.kind == Variable::Kind::trainable) names_.push_back(variable.name);
    }
  }

  FitEpoch epoch(int64_t number) {
    step_ = number * steps_;
    FitEpoch told{.epoch = number + 1};
    const std::vector<Pair> pairs = pairs_.epoch(config_.seed, number);
    for (int64_t step = 0; step < steps_; ++step) {
      told.loss += train_step(std::span(pairs).subspan(static_cast<size_t>(step * batch_),
                                                       static_cast<size_t>(batch_)),
                              told) /
                   static_cast<double>(steps_);
    }
    told.step = step_;
    return told;
  }

  RetrievalResult retrieve(const std::vector<int64_t>& pictures) {
    const auto [captions, places] = pairs_.captions_of(pictures);
    const std::vector<float> images = features(*set_.images, pictures, images_);
    const std::vector<float> texts = features(*set_.texts, captions, texts_);
    return evaluate_retrieval({images, texts, set_.images->width(), places});
  }

  const std::vector<std::string>& trained() const { return names_; }
  Variables& variables() { return variables_; }

  void restore(const VariableValues& values) {
    for (const auto& [name, value] : values) variables_.set(name, value);
  }

 private:
  std::vector<float> features(const FeatureRows& rows, const std::vector<int64_t>& chosen,
                              std::optional<FeatureScorer>& mapped) {
    std::vector<float> values;
    if (!mapped) {
      rows.read(chosen, values);
      return values;
    }
    const LabelledRows all{.features = {std::shared_ptr<void>(), &rows}, .rows = chosen,
                           .labels = std::vector<int32_t>(chosen.size())};
    return mapped->scores(all);
  }

  double train_step(std::span<const Pair> pairs, FitEpoch& told) {
    std::vector<int64_t> pictures, captions;
    for (const Pair& pair : pairs) {
      pictures.push_back(pair.picture);
      captions.push_back(pair.caption);
    }
    std::vector<float> images, texts;
    set_.images->read(pictures, images);
    set_.texts->read(captions, texts);
    const TrainConfig& train = config_.train;
    told.lr = schedule_.at(step_);
    const std::vector<float> hyper = optimizer_numbers(train, told.lr, ++step_);
    const uint64_t ticket = program_->run(
        {{"images", as_feed(images)}, {"texts", as_feed(texts)}, {"hyper", as_feed(hyper)}});
    const double loss = program_->fetch(ticket, 0)[0];
    told.gradient_norm = program_->fetch(ticket, 1)[0];
    if (std::isfinite(loss) && std::isfinite(told.gradient_norm)) return loss;
    fail<Error>("step {}: the loss is {} and the gradients' norm {}; lower train.lr.", step_, loss,
                told.gradient_norm);
  }

  const FeatureSet& set_;
  const ProjectionPairs& pairs_;
  const RunConfig& config_;
  int64_t batch_, steps_;
  Schedule schedule_;
  Variables variables_;
  std::unique_ptr<Program> program_;
  std::optional<FeatureScorer> texts_, images_;
  std::vector<std::string> names_;
  int64_t step_ = 0;
};

double mean_recall(const RetrievalResult& result) {
  return (result.image_to_text.recall_at(1) + result.text_to_image.recall_at(1)) / 2;
}

ProjectionOutcome untrained(ProjectionFit& fit, const ProjectionPairs& pairs) {
  ProjectionOutcome outcome;
  outcome.learned_from = std::ssize(pairs.train);
  outcome.chosen_on = std::ssize(pairs.validation);
  outcome.before = fit.retrieve(pairs.test);
  return outcome;
}

}  // namespace

ProjectionOutcome fit_projection(const FeatureSet& set, const RunConfig& config, Device& device,
                                 FitWatcher& watcher) {
  const ProjectionPairs pairs(set, config);
  ProjectionFit fit(set, pairs, config, device);
  ProjectionOutcome outcome = untrained(fit, pairs);
  const auto epoch = [&](int64_t number) {
    FitEpoch told = fit.epoch(number);
    if (!pairs.validation.empty()) told.validation = mean_recall(fit.retrieve(pairs.validation));
    return told;
  };
  const FitResult kept =
      run_epochs(config.train.epochs, fit.trained(), fit.variables(), epoch, watcher);
  outcome.epoch = kept.epoch;
  outcome.trained = kept.trained;
  fit.restore(outcome.trained);
  outcome.after = fit.retrieve(pairs.test);
  return outcome;
}

ProjectionOutcome test_projection(const Checkpoint& checkpoint, const FeatureSet& set,
                                  const RunConfig& config, Device& device,
                                  const std::string& source) {
  check_features(checkpoint, set, source);
  const ProjectionPairs pairs(set, config);
  ProjectionFit fit(set, pairs, config, device);
  ProjectionOutcome outcome = untrained(fit, pairs);
  load_parameters(fit.variables(), checkpoint.model, source);
  if (const auto epoch = checkpoint.state.find("epoch"); epoch != checkpoint.state.end()) {
    outcome.epoch = epoch->second;
  }
  outcome.after = fit.retrieve(pairs.test);
  return outcome;
}

nlohmann::ordered_json projection_json(const ProjectionOutcome& outcome, const FeatureSet& set,
                                       const RunConfig& config) {
  return {{"kind", "projection"},
          {"side", config.adapter.projection.side},
          {"seed", config.seed},
          {"features", set.source},
          {"fingerprint", fingerprint_of(set)},
          {"learned_from", outcome.learned_from},
          {"chosen_on", outcome.chosen_on},
          {"epoch", outcome.epoch},
          {"frozen", retrieval_json(outcome.before)},
          {"test", retrieval_json(outcome.after)}};
}

Checkpoint projection_checkpoint(const ProjectionOutcome& outcome, const FeatureSet& set,
                                 const RunConfig& config) {
  const int64_t E = set.images->width();
  Checkpoint checkpoint;
  for (const auto& [name, values] : outcome.trained) {
    checkpoint.model.push_back({name, values.size() == 1 ? Shape{} : Shape{E, E}, values});
  }
  checkpoint.state = {{"seed", static_cast<int64_t>(config.seed)}, {"epoch", outcome.epoch}};
  const nlohmann::ordered_json about{{"kind", "projection"},
                                     {"width", E},
                                     {"fingerprint", fingerprint_of(set)},
                                     {"features", set.source}};
  checkpoint.attributes = {{"tandem_version", version},
                           {"git_revision", git_revision},
                           {"config", to_yaml(config)},
                           {"feature_adapter", about.dump()}};
  return checkpoint;
}

}  // namespace tandem
