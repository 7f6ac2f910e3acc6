#include "train/accumulation/accumulation_graphs.h"

#include "autograd/ops/accumulate.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/unary.h"

#include <algorithm>

namespace tandem {

namespace {

bool couples_samples(const TrainConfig& train) { return train.loss != "cross_entropy"; }

Tensor loss_sum(Graph& graph) {
  return graph.variable("accumulated.loss", {DType::f32, {1}}, Variable::Kind::state);
}

Tensor gradient_sum(Graph& graph) {
  return graph.variable(accumulated_gradients, {DType::f32, {graph.trainable_elements()}},
                        Variable::Kind::state);
}

Tensor constant(Graph& graph, float value) {
  return graph.constant({1}, std::vector<float>{value});
}

// What the loss begins its gradients with: the loss scale, or 1. [].
Tensor loss_gradient(Graph& graph, const TrainConfig& train, const StepOptions& options) {
  const Tensor scale = loss_scale_of(graph, train, options.precision);
  return reshape(scale ? scale : constant(graph, 1), {});
}

// Gradients of outputs by all trainable parameters go to the sum as soon as they are complete, or
// with options.keep_gradients are fetched; those by `also` are given back.
std::vector<Tensor> add_gradients(ProgramGraph& program, Reached& reached,
                                  const std::vector<Tensor>& outputs,
                                  const std::vector<Tensor>& output_gradients, Tensor more,
                                  const StepOptions& options,
                                  const std::vector<Tensor>& also = {}) {
  const Trainable trainable(program.graph);
  const Tensor sum = options.keep_gradients ? Tensor() : gradient_sum(program.graph);
  const size_t count = trainable.tensors.size();
  const auto add = [&](size_t index, Tensor gradient) {
    if (!sum || index >= count) return;
    accumulate(sum, gradient, trainable.variables[index].offset, more);
  };
  std::vector<Tensor> by = trainable.tensors;
  by.insert(by.end(), also.begin(), also.end());
  std::vector<Tensor> all = gradients(outputs, output_gradients, by, add);
  const std::vector<Tensor> rest(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
  all.resize(count);
  for (const Tensor& gradient : all) reached.push_back(static_cast<bool>(gradient));
  if (options.keep_gradients) keep_gradients(program, trainable, all, Tensor());
  return rest;
}

// The same for the loss itself.
void add_loss(ProgramGraph& program, Tensor loss, Tensor more, const StepOptions& options) {
  if (options.keep_gradients) {
    program.keep("the loss", loss);
  } else {
    accumulate(loss_sum(program.graph), reshape(loss, {1}), 0, more);
  }
}

}  // namespace

FeatureGraph::FeatureGraph(const ClipConfig& config, const TrainConfig& train) {
  const Clip model = pair_model(graph, config);
  const EncodedPairs pairs = encode_pairs(model, graph, train.batch_size);
  keep("image_features", pairs.images);
  keep("text_features", pairs.texts);
}

LossGraph::LossGraph(const ClipConfig& config, const TrainConfig& train,
                     const StepOptions& options) {
  const Clip model(graph, config);
  const TensorType type{DType::f32, {train.step_pairs(), config.embed_dim}};
  const EncodedPairs pairs{graph.input("image_features", type), graph.input("text_features", type)};
  const Tensor loss = pair_loss(model, pairs, train);
  const Tensor by_loss = loss_gradient(graph, train, options);
  const Tensor first = constant(graph, 0);
  const std::vector<Tensor> by_features =
      add_gradients(*this, reached, {loss}, {by_loss}, first, options, {pairs.images, pairs.texts});
  keep("image_gradients", by_features[0]);
  keep("text_gradients", by_features[1]);
  add_loss(*this, loss, first, options);
}

MicroBatchGraph::MicroBatchGraph(const ClipConfig& config, const TrainConfig& train,
                                 const StepOptions& options) {
  const int64_t B = train.batch_size;
  const Tensor more = graph.input("more", {DType::f32, {1}});
  if (couples_samples(train)) {
    const Clip model = pair_model(graph, config);
    const EncodedPairs pairs = encode_pairs(model, graph, B);
    const TensorType type{DType::f32, {B, config.embed_dim}};
    const std::vector<Tensor> by_features{graph.input("image_gradients", type),
                                          graph.input("text_gradients", type)};
    add_gradients(*this, reached, {pairs.images, pairs.texts}, by_features, more, options);
    return;
  }
  const Clip model = class_model(graph, config);
  const LearntClasses learnt = learn_classes(model, graph, train, B);
  const Tensor loss = scale(learnt.loss, 1 / static_cast<double>(train.accum_freq));
  add_gradients(*this, reached, {loss}, {loss_gradient(graph, train, options)}, more, options);
  add_loss(*this, loss, more, options);
}

UpdateGraph::UpdateGraph(const ClipConfig& config, const TrainConfig& train,
                         const StepOptions& options, const Reached& reached) {
  const Clip model(graph, config);
  const Trainable trainable(graph);
  const Tensor arena = gradient_sum(graph);
  std::vector<Tensor> by;
  for (size_t i = 0; i < reached.size(); ++i) {
    const Variable& variable = trainable.variables[i];
    const Shape& shape = variable.type.shape;
    const int64_t end = variable.offset + shape.elements();
    by.push_back(reached[i] ? reshape(slice(arena, 0, variable.offset, end), shape) : Tensor());
  }
  const Tensor loss = loss_sum(graph);
  const Tensor scale = loss_scale_of(graph, train, options.precision);
  const Update update = add_update(config, train, loss, trainable, by, arena, scale);
  fetches = {loss, update.norm, model.logit_scale()};
  if (scale) keep("gradient_factor", update.factor);
  if (options.keep_gradients) keep_gradients(*this, trainable, by, update.factor);
}

AccumulationGraphs::AccumulationGraphs(const ClipConfig& model, const TrainConfig& train,
                                       const StepOptions& options)
    : micro_batches_(train.accum_freq) {
  const StepOptions summed{.precision = options.precision};
  micro_batch = std::make_unique<MicroBatchGraph>(model, train, summed);
  reached = micro_batch->reached;
  if (couples_samples(train)) {
    if (std::count(reached.begin(), reached.end(), true) == 0) micro_batch.reset();
    features = std::make_unique<FeatureGraph>(model, train);
    loss = std::make_unique<LossGraph>(model, train, summed);
    for (size_t i = 0; i < reached.size(); ++i) reached[i] = reached[i] || loss->reached[i];
  }
  update = std::make_unique<UpdateGraph>(model, train, options, reached);
}

std::vector<AccumulationGraphs::Run> AccumulationGraphs::runs() const {
  std::vector<Run> all;
  if (features) all.push_back({features.get(), micro_batches_});
  if (loss) all.push_back({loss.get(), 1});
  if (micro_batch) all.push_back({micro_batch.get(), micro_batches_});
  all.push_back({update.get(), 1});
  return all;
}

MemoryReport memory_of_step(const std::vector<MemoryReport>& programs) {
  MemoryReport step = programs.back();
  for (size_t i = 0; i + 1 < programs.size(); ++i) {
    step.constants += programs[i].constants;
    step.activations += programs[i].activations;
  }
  step.state -= step.trainable;
  step.activations += step.trainable;
  return step;
}

}  // namespace tandem
