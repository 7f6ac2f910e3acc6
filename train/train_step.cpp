#include "train/train_step.h"

#include "autograd/ops/failure.h"
#include "autograd/ops/optimizer.h"
#include "train/step_graph.h"

#include <cmath>

namespace tandem {

Feeds PairArrays::feeds() const {
  Feeds feeds = texts.feeds();
  if (features.empty()) {
    feeds["pixels"] = as_feed(pixels);
  } else {
    feeds["image_features"] = as_feed(features);
  }
  if (!kept_tokens.empty()) feeds["kept_tokens"] = as_feed(kept_tokens);
  if (!labels.empty()) feeds["labels"] = as_feed(labels);
  return feeds;
}

TrainStep::TrainStep(const ClipConfig& config, const TrainConfig& train, int64_t batch_size,
                     Variables& variables, const StepOptions& options)
    : model_(config), train_(train), options_(options), variables_(variables) {
  train_.batch_size = batch_size;
  const StepGraph step(config, train_, options);
  parameters_ = step.parameters;
  fetches_ = step.named;
  program_ = std::make_unique<Program>(step.graph, variables, step.fetches, compile_options());
}

CompileOptions TrainStep::compile_options() const {
  return {.recompute_blocks = train_.grad_checkpointing, .precision = options_.precision};
}

TrainStep::Given TrainStep::given(const PairArrays& batch, const StepSettings& settings) const {
  const auto values = adamw_hyper(settings.lr, train_.beta1, train_.beta2, train_.eps, settings.t,
                                  train_.grad_clip_norm);
  const auto step = static_cast<uint64_t>(settings.t);
  Given given{.hyper = {values.begin(), values.end()},
              .dropout_seed = {static_cast<int32_t>(settings.seed),
                               static_cast<int32_t>(settings.seed >> 32),
                               static_cast<int32_t>(step), static_cast<int32_t>(step >> 32)},
              .feeds = batch.feeds()};
  given.feeds["hyper"] = as_feed(given.hyper);
  const LoraConfig& lora = model_.adaptation.lora;
  if (lora.rank > 0 && lora.dropout > 0) given.feeds["dropout_seed"] = as_feed(given.dropout_seed);
  return given;
}

uint64_t TrainStep::run(const PairArrays& batch, const StepSettings& settings) {
  return program_->run(given(batch, settings).feeds);
}

void TrainStep::go_on() { variables_.set(failed_name, std::vector<float>{0}); }

StepResult TrainStep::result(uint64_t ticket) const {
  StepResult result{.loss = program_->fetch(ticket, 0)[0],
                    .gradient_norm = program_->fetch(ticket, 1)[0],
                    .logit_scale = std::exp(program_->fetch(ticket, 2)[0])};
  if (fetches_.contains("gradient_factor")) {
    result.loss_scale = 1 / static_cast<double>(fetch(ticket, "gradient_factor")[0]);
  }
  return result;
}

std::vector<float> TrainStep::fetch(uint64_t ticket, const std::string& name) const {
  const auto found = fetches_.find(name);
  if (found == fetches_.end()) fail<ShapeError>("train step: '{}' is not fetched.", name);
  return program_->fetch(ticket, found->second);
}

std::optional<NonFinite> TrainStep::find_nonfinite(const PairArrays& batch,
                                                   const StepSettings& settings) const {
  StepGraph step(model_, train_, {.precision = options_.precision, .keep_gradients = true});
  std::map<std::string, Tensor> named{{"the loss", step.fetches.front()}};
  for (const auto& [name, fetch] : step.named) named[name] = step.fetches[fetch];
  const Given given = this->given(batch, settings);
  return tandem::find_nonfinite(step.graph, variables_, given.feeds, named, compile_options());
}

std::vector<KernelTime> TrainStep::profile(const PairArrays& batch,
                                           const StepSettings& settings) {
  return program_->profile(given(batch, settings).feeds);
}

}  // namespace tandem
