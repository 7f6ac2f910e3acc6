#include "train/step_graph.h"

#include "autograd/ops/optimizer.h"
#include "autograd/ops/reshape.h"

namespace tandem {

namespace {

// What is learnt from a batch. The texts of classes are not known apart from their pictures where
// prompts are conditional.
struct Learnt {
  Tensor loss;
  Tensor images, texts, logits;  // texts may be null
};

Learnt learn(const Clip& model, Graph& graph, const TrainConfig& train, bool logits) {
  if (train.loss == "cross_entropy") {
    const LearntClasses classes = learn_classes(model, graph, train, train.batch_size);
    return {classes.loss, classes.images, Tensor(), classes.logits};
  }
  const EncodedPairs pairs = encode_pairs(model, graph, train.batch_size);
  return {pair_loss(model, pairs, train), pairs.images, pairs.texts,
          logits ? model.logits(pairs.images, pairs.texts) : Tensor()};
}

}  // namespace

StepGraph::StepGraph(const ClipConfig& config, const TrainConfig& train,
                     const StepOptions& options) {
  const Clip model = pair_model(graph, config);
  const Learnt learnt = learn(model, graph, train, options.keep_gradients);
  const Trainable trainable(graph);
  for (const Variable& variable : trainable.variables) parameters.push_back(variable.name);
  const Tensor scale = loss_scale_of(graph, train, options.precision);
  const std::vector<Tensor> by =
      scale ? gradients({learnt.loss}, {reshape(scale, {})}, trainable.tensors)
            : gradients(learnt.loss, trainable.tensors);
  const Tensor arena = gradient_arena(trainable.tensors, by);
  const Update update = add_update(config, train, learnt.loss, trainable, by, arena, scale);

  fetches = {learnt.loss, update.norm, model.logit_scale()};
  if (scale) keep("gradient_factor", update.factor);
  if (!options.keep_gradients) return;
  keep("image_features", learnt.images);
  if (learnt.texts) keep("text_features", learnt.texts);
  keep("logits", learnt.logits);
  keep_gradients(*this, trainable, by, update.factor);
}

}  // namespace tandem
