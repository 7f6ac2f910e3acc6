#include "train/step_parts.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/failure.h"
#include "autograd/ops/loss_scale.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/movement.h"
#include "train/optimizer.h"
#include "train/tuning/parameter_groups.h"

namespace tandem {

namespace {

Tensor dropout_seed(Graph& graph, const ClipConfig& config) {
  return drops_out(config) ? graph.input("dropout_seed", {DType::i32, {5}}) : Tensor();
}

}  // namespace

void ProgramGraph::keep(const std::string& name, Tensor tensor) {
  named[name] = fetches.size();
  fetches.push_back(tensor);
}

std::map<std::string, Tensor> ProgramGraph::named_tensors() const {
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, fetch] : named) tensors[name] = fetches[fetch];
  return tensors;
}

bool drops_out(const ClipConfig& config) {
  return config.adaptation.lora.rank > 0 && config.adaptation.lora.dropout > 0;
}

Clip pair_model(Graph& graph, const ClipConfig& config) {
  const Tensor seed = dropout_seed(graph, config);
  return Clip(graph, config, {.image = seed, .text = seed});
}

Clip class_model(Graph& graph, const ClipConfig& config) {
  const Tensor seed = dropout_seed(graph, config);
  if (!seed) return Clip(graph, config);
  const Tensor whole = graph.constant({1}, std::vector<int32_t>{0});
  return Clip(graph, config, {.image = seed, .text = concat({slice(seed, 0, 0, 4), whole}, 0)});
}

Trainable::Trainable(Graph& graph) {
  for (const Variable& variable : graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    variables.push_back(variable);
    tensors.push_back(graph.variable(variable.name, variable.type, variable.kind));
  }
  if (tensors.empty()) {
    fail<ConfigError>("train: every parameter is frozen; leave lock_image or lock_text out.");
  }
}

EncodedPairs encode_pairs(const Clip& model, Graph& graph, int64_t N) {
  return {model.images(graph, N), model.encode_text(model.text_inputs(graph, N))};
}

LearntClasses learn_classes(const Clip& model, Graph& graph, const TrainConfig& train, int64_t N) {
  const Tensor images = model.images(graph, N);
  const TextInput classes = model.text_inputs(graph, std::max<int64_t>(train.classes, 1));
  const Tensor labels = graph.input("labels", {DType::i32, {N}});
  const Tensor logits = model.class_logits(images, classes);
  const FullPrecision precision(graph);
  return {cross_entropy(logits, labels, train.label_smoothing), images, logits};
}

Tensor pair_loss(const Clip& model, const EncodedPairs& pairs, const TrainConfig& train) {
  return model.loss(pairs.images, pairs.texts, train.loss == "siglip", train.label_smoothing);
}

Tensor loss_scale_of(Graph& graph, const TrainConfig& train, DType precision) {
  return precision == DType::f16 ? loss_scale(graph, train.grad_scaler.init_scale) : Tensor();
}

Update add_update(const ClipConfig& model, const TrainConfig& train, Tensor loss,
                  const Trainable& trainable, const std::vector<Tensor>& by, Tensor arena,
                  Tensor scale) {
  const ParameterGroups groups = parameter_groups(trainable.variables, model, train);
  const UpdateTables tables = update_tables(trainable.tensors, by, groups.groups, groups.group_of);
  const Tensor norm = gradient_norm(arena, tables.blocks, loss);
  Graph& graph = norm.graph();
  const Tensor hyper = graph.input("hyper", {DType::f32, {8}});
  const Tensor one = graph.constant({1}, std::vector<float>{1.0f});
  if (!scale) {
    update_failed(loss, norm, one);
    add_optimizer(train, arena, tables, norm_unless_failed(norm), hyper);
    return {norm, Tensor()};
  }
  const Tensor factor = div(one, scale);
  const GradScalerConfig& rule = train.grad_scaler;
  update_loss_scale(norm, rule.growth_factor, rule.backoff_factor, rule.growth_interval);
  update_failed(loss, norm, factor);
  // The last of the optimizer's numbers is the factor of the gradients.
  const Tensor ones = graph.constant({7}, std::vector<float>(7, 1.0f));
  add_optimizer(train, arena, tables, norm_unless_failed(norm),
                mul(hyper, concat({ones, factor}, 0)));
  return {mul(norm, factor), factor};
}

void keep_gradients(ProgramGraph& graph, const Trainable& trainable, const std::vector<Tensor>& by,
                    Tensor factor) {
  for (size_t i = 0; i < by.size(); ++i) {
    if (!by[i]) continue;
    graph.keep("grad." + trainable.variables[i].name, factor ? mul(by[i], factor) : by[i]);
  }
}

}  // namespace tandem
