#include "train/step_graph.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/failure.h"
#include "autograd/ops/loss_scale.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reshape.h"
#include "train/tuning/parameter_groups.h"

namespace tandem {

namespace {

// The trainable parameters.
struct Trainable {
  std::vector<Tensor> tensors;
  std::vector<Variable> variables;
};

Trainable trainable_of(Graph& graph) {
  Trainable trainable;
  for (const Variable& variable : graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    trainable.variables.push_back(variable);
    trainable.tensors.push_back(graph.variable(variable.name, variable.type, variable.kind));
  }
  if (trainable.tensors.empty()) {
    fail<ConfigError>("train: every parameter is frozen; leave lock_image or lock_text out.");
  }
  return trainable;
}

// What is learnt from a batch. The texts of classes are not known apart from their pictures where
// prompts are conditional.
struct Learnt {
  Tensor loss;
  Tensor images, texts, logits;  // texts may be null
};

Learnt learn_pairs(const Clip& model, Graph& graph, const TrainConfig& train, bool logits) {
  const int64_t N = train.batch_size;
  const Tensor images = model.images(graph, N);
  const Tensor texts = model.encode_text(model.text_inputs(graph, N));
  return {.loss = model.loss(images, texts, train.loss == "siglip", train.label_smoothing),
          .images = images,
          .texts = texts,
          .logits = logits ? model.logits(images, texts) : Tensor()};
}

Learnt learn_classes(const Clip& model, Graph& graph, const TrainConfig& train) {
  const int64_t N = train.batch_size;
  const Tensor images = model.images(graph, N);
  const TextInput classes = model.text_inputs(graph, std::max<int64_t>(train.classes, 1));
  const Tensor labels = graph.input("labels", {DType::i32, {N}});
  const Tensor logits = model.class_logits(images, classes);
  const FullPrecision precision(graph);
  return {.loss = cross_entropy(logits, labels, train.label_smoothing),
          .images = images,
          .logits = logits};
}

// The norm of the gradients without the loss scale, and the factor that takes it away, null
// without one.
struct Update {
  Tensor norm;
  Tensor factor;
};

// Adds AdamW, and the update of the loss scale where it is not null.
Update add_update(const ClipConfig& model, const TrainConfig& train, Tensor loss,
                  const Trainable& trainable, const std::vector<Tensor>& by, Tensor scale) {
  const Tensor arena = gradient_arena(trainable.tensors, by);
  const ParameterGroups groups = parameter_groups(trainable.variables, model, train);
  const AdamwTables tables = adamw_tables(trainable.tensors, by, groups.groups, groups.group_of);
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
  const bool drops = config.adaptation.lora.rank > 0 && config.adaptation.lora.dropout > 0;
  const Clip model(graph, config,
                   drops ? graph.input("dropout_seed", {DType::i32, {4}}) : Tensor());
  const Learnt learnt = train.loss == "cross_entropy"
                            ? learn_classes(model, graph, train)
                            : learn_pairs(model, graph, train, options.keep_gradients);
  const Tensor loss = learnt.loss;

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
  const Update update = add_update(config, train, loss, trainable, by, scale);

  fetches = {loss, update.norm, model.logit_scale()};
  const auto keep = [&](const std::string& name, Tensor tensor) {
    named[name] = fetches.size();
    fetches.push_back(tensor);
  };
  if (scale) keep("gradient_factor", update.factor);
  if (!options.keep_gradients) return;
  keep("image_features", learnt.images);
  if (learnt.texts) keep("text_features", learnt.texts);
  keep("logits", learnt.logits);
  for (size_t i = 0; i < by.size(); ++i) {
    if (!by[i]) continue;
    keep("grad." + parameters[i], scale ? mul(by[i], update.factor) : by[i]);
  }
}

}  // namespace tandem
