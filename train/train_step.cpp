#include "train/train_step.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/loss_scale.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reshape.h"

#include <cmath>
#include <limits>

namespace tandem {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Weight decay is for parameters with two axes or more; logit_scale stays in [0, ln 100]
// (Radford et al. 2021, section 2.5).
std::vector<AdamwGroup> groups(const TrainConfig& train) {
  return {{1.0, train.wd, -infinity, infinity},
          {1.0, 0.0, -infinity, infinity},
          {1.0, 0.0, 0.0, std::log(100.0)}};
}

int group_of(const Variable& variable) {
  if (variable.name == "logit_scale") return 2;
  return variable.type.shape.rank() < 2 ? 1 : 0;
}

}  // namespace

Feeds PairArrays::feeds() const {
  return {{"pixels", as_feed(pixels)},
          {"tokens", as_feed(texts.ids)},
          {"token_order", as_feed(texts.order)},
          {"text_end", as_feed(texts.end)}};
}

TrainStep::TrainStep(const ClipConfig& config, const TrainConfig& train, int64_t batch_size,
                     Variables& variables, const StepOptions& options)
    : train_(train) {
  Graph graph;
  const Clip model(graph, config);
  const Tensor pixels = model.pixel_input(graph, batch_size);
  const TextInput text = model.text_inputs(graph, batch_size);
  const Tensor images = model.encode_image(pixels);
  const Tensor texts = model.encode_text(text);
  const Tensor loss =
      model.loss(images, texts, train.loss == "siglip", train.label_smoothing);

  std::vector<Tensor> parameters;
  std::vector<int> group;
  for (const Variable& variable : graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    parameters.push_back(graph.variable(variable.name, variable.type, variable.kind));
    parameters_.push_back(variable.name);
    group.push_back(group_of(variable));
  }
  const Tensor scale = options.precision == DType::f16
                           ? loss_scale(graph, train.grad_scaler.init_scale)
                           : Tensor();
  const std::vector<Tensor> by = scale ? gradients({loss}, {reshape(scale, {})}, parameters)
                                       : gradients(loss, parameters);
  // Before the update: nodes run in the order in which they were made.
  const Tensor logits = options.keep_gradients ? model.logits(images, texts) : Tensor();
  const Update update = add_update(loss, parameters, by, group, scale);

  std::vector<Tensor> fetches{loss, update.norm,
                              graph.variable("logit_scale", {}, Variable::Kind::trainable)};
  const auto keep = [&](const std::string& name, Tensor tensor) {
    fetches_[name] = fetches.size();
    fetches.push_back(tensor);
  };
  if (scale) keep("gradient_factor", update.factor);
  if (options.keep_gradients) {
    keep("image_features", images);
    keep("text_features", texts);
    keep("logits", logits);
    for (size_t i = 0; i < by.size(); ++i) {
      if (!by[i]) continue;
      keep("grad." + parameters_[i], scale ? mul(by[i], update.factor) : by[i]);
    }
  }
  program_ = std::make_unique<Program>(graph, variables, fetches,
                                       CompileOptions{.recompute_blocks = train.grad_checkpointing,
                                                      .precision = options.precision});
}

TrainStep::Update TrainStep::add_update(Tensor loss, const std::vector<Tensor>& parameters,
                                        const std::vector<Tensor>& by,
                                        const std::vector<int>& group, Tensor scale) const {
  const Tensor arena = gradient_arena(parameters, by);
  const AdamwTables tables = adamw_tables(parameters, by, groups(train_), group);
  const Tensor norm = gradient_norm(arena, tables.blocks, loss);
  Graph& graph = norm.graph();
  const Tensor hyper = graph.input("hyper", {DType::f32, {8}});
  if (!scale) {
    adamw(arena, tables.blocks, tables.groups, norm, hyper);
    return {norm, Tensor()};
  }
  // The last of AdamW's numbers is the factor of the gradients.
  const Tensor factor = div(graph.constant({1}, std::vector<float>{1.0f}), scale);
  const Tensor ones = graph.constant({7}, std::vector<float>(7, 1.0f));
  adamw(arena, tables.blocks, tables.groups, norm, mul(hyper, concat({ones, factor}, 0)));
  const GradScalerConfig& rule = train_.grad_scaler;
  update_loss_scale(norm, rule.growth_factor, rule.backoff_factor, rule.growth_interval);
  return {mul(norm, factor), factor};
}

std::vector<float> TrainStep::hyper(const StepSettings& settings) const {
  const auto values = adamw_hyper(settings.lr, train_.beta1, train_.beta2, train_.eps, settings.t,
                                  train_.grad_clip_norm);
  return {values.begin(), values.end()};
}

uint64_t TrainStep::run(const PairArrays& batch, const StepSettings& settings) {
  const std::vector<float> numbers = hyper(settings);
  Feeds feeds = batch.feeds();
  feeds["hyper"] = as_feed(numbers);
  return program_->run(feeds);
}

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

std::vector<KernelTime> TrainStep::profile(const PairArrays& batch,
                                           const StepSettings& settings) {
  const std::vector<float> numbers = hyper(settings);
  Feeds feeds = batch.feeds();
  feeds["hyper"] = as_feed(numbers);
  return program_->profile(feeds);
}

}  // namespace tandem
