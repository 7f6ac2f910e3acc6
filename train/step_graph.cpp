#include "train/step_graph.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/failure.h"
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

// The trainable parameters.
struct Trainable {
  std::vector<Tensor> tensors;
  std::vector<int> group;
};

Trainable trainable_of(Graph& graph) {
  Trainable trainable;
  for (const Variable& variable : graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    trainable.tensors.push_back(graph.variable(variable.name, variable.type, variable.kind));
    trainable.group.push_back(group_of(variable));
  }
  return trainable;
}

// The norm of the gradients without the loss scale, and the factor that takes it away, null
// without one.
struct Update {
  Tensor norm;
  Tensor factor;
};

// Adds AdamW, and the update of the loss scale where it is not null.
Update add_update(const TrainConfig& train, Tensor loss, const Trainable& trainable,
                  const std::vector<Tensor>& by, Tensor scale) {
  const Tensor arena = gradient_arena(trainable.tensors, by);
  const AdamwTables tables =
      adamw_tables(trainable.tensors, by, groups(train), trainable.group);
  const Tensor norm = gradient_norm(arena, tables.blocks, loss);
  Graph& graph = norm.graph();
  const Tensor hyper = graph.input("hyper", {DType::f32, {8}});
  const Tensor one = graph.constant({1}, std::vector<float>{1.0f});
  if (!scale) {
    update_failed(loss, norm, one);
    adamw(arena, tables.blocks, tables.groups, norm_unless_failed(norm), hyper);
    return {norm, Tensor()};
  }
  const Tensor factor = div(one, scale);
  const GradScalerConfig& rule = train.grad_scaler;
  update_loss_scale(norm, rule.growth_factor, rule.backoff_factor, rule.growth_interval);
  update_failed(loss, norm, factor);
  // The last of AdamW's numbers is the factor of the gradients.
  const Tensor ones = graph.constant({7}, std::vector<float>(7, 1.0f));
  adamw(arena, tables.blocks, tables.groups, norm_unless_failed(norm),
        mul(hyper, concat({ones, factor}, 0)));
  return {mul(norm, factor), factor};
}

}  // namespace

StepGraph::StepGraph(const ClipConfig& config, const TrainConfig& train,
                     const StepOptions& options) {
  const Clip model(graph, config);
  const Tensor pixels = model.pixel_input(graph, train.batch_size);
  const TextInput text = model.text_inputs(graph, train.batch_size);
  const Tensor images =
      model.encode_image(pixels, model.kept_input(graph, train.batch_size));
  const Tensor texts = model.encode_text(text);
  const Tensor loss = model.loss(images, texts, train.loss == "siglip", train.label_smoothing);

  const Trainable trainable = trainable_of(graph);
  for (const Tensor& tensor : trainable.tensors) {
    parameters.push_back(graph.values()[static_cast<size_t>(tensor.id())].name);
  }
  const Tensor scale = options.precision == DType::f16
                           ? loss_scale(graph, train.grad_scaler.init_scale)
                           : Tensor();
  const std::vector<Tensor> by = scale
                                     ? gradients({loss}, {reshape(scale, {})}, trainable.tensors)
                                     : gradients(loss, trainable.tensors);
  // Before the update: nodes run in the order in which they were made.
  const Tensor logits = options.keep_gradients ? model.logits(images, texts) : Tensor();
  const Update update = add_update(train, loss, trainable, by, scale);

  fetches = {loss, update.norm, graph.variable("logit_scale", {}, Variable::Kind::trainable)};
  const auto keep = [&](const std::string& name, Tensor tensor) {
    named[name] = fetches.size();
    fetches.push_back(tensor);
  };
  if (scale) keep("gradient_factor", update.factor);
  if (!options.keep_gradients) return;
  keep("image_features", images);
  keep("text_features", texts);
  keep("logits", logits);
  for (size_t i = 0; i < by.size(); ++i) {
    if (!by[i]) continue;
    keep("grad." + parameters[i], scale ? mul(by[i], update.factor) : by[i]);
  }
}

}  // namespace tandem
