// What the graphs of a training step are made of, whether one program is a whole step or several
// are (train/accumulation).
#pragma once

#include "models/clip.h"
#include "train/config/run_config.h"

#include <map>

namespace tandem {

struct StepOptions {
  DType precision = DType::f32;  // of matrix products
  bool keep_gradients = false;   // every gradient, the features and logits can be fetched
};

// A graph, and what is fetched of it.
struct ProgramGraph {
  ProgramGraph() = default;
  ProgramGraph(const ProgramGraph&) = delete;
  ProgramGraph& operator=(const ProgramGraph&) = delete;

  void keep(const std::string& name, Tensor tensor);
  std::map<std::string, Tensor> named_tensors() const;

  Graph graph;
  std::vector<Tensor> fetches;
  std::map<std::string, size_t> named;  // fetches by name
};

// The model for training on pairs. A model with dropout gets the input `dropout_seed`, as
// dropout() takes it.
Clip pair_model(Graph& graph, const ClipConfig& config);

// The same for pictures and the texts of all classes, which are not parts of anything.
Clip class_model(Graph& graph, const ClipConfig& config);

bool drops_out(const ClipConfig& config);

// The trainable parameters.
struct Trainable {
  // All that the graph has. Throws ConfigError if there are none.
  explicit Trainable(Graph& graph);

  std::vector<Tensor> tensors;
  std::vector<Variable> variables;
};

// N pictures and texts, [N, E] each, by the inputs of model.images and model.text_inputs.
struct EncodedPairs {
  Tensor images, texts;
};
EncodedPairs encode_pairs(const Clip& model, Graph& graph, int64_t N);

// N pictures told apart by the texts of train.classes classes. The labels are the input `labels`
// i32 [N].
struct LearntClasses {
  Tensor loss;            // []
  Tensor images, logits;  // [N, E], [N, K]
};
LearntClasses learn_classes(const Clip& model, Graph& graph, const TrainConfig& train, int64_t N);

// The loss that train names, of pairs.
Tensor pair_loss(const Clip& model, const EncodedPairs& pairs, const TrainConfig& train);

// What gradients are multiplied by, f32 [1]; null unless the precision is f16.
Tensor loss_scale_of(Graph& graph, const TrainConfig& train, DType precision);

// The norm of the gradients without the loss scale, and the factor that takes it away, null
// without one.
struct Update {
  Tensor norm;
  Tensor factor;
};

// Adds the optimizer, and the update of the loss scale where it is not null. `by` is the gradient of each
// trainable parameter, or null where it has none; `arena` holds them all, as gradient_arena() does.
Update add_update(const ClipConfig& model, const TrainConfig& train, Tensor loss,
                  const Trainable& trainable, const std::vector<Tensor>& by, Tensor arena,
                  Tensor scale);

// Fetches `by` as "grad.<parameter>", without the loss scale.
void keep_gradients(ProgramGraph& graph, const Trainable& trainable, const std::vector<Tensor>& by,
                    Tensor factor);

}  // namespace tandem
