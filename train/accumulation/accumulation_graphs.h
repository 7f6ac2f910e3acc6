// The graphs of a step that goes over its batch in micro-batches and is exactly the step of the
// whole batch: loss, gradients, dropout and all (Gao et al. 2021, "Scaling deep contrastive
// learning batch size under memory limited setup", section 3.2: GradCache). Of train.accum_freq = k
// micro-batches of train.batch_size = B pairs, N = k B pairs in all:
//   1. FeatureGraph, k times: features of a micro-batch, without gradients
//   2. LossGraph: the loss of all N pairs, its gradients by their features and by logit_scale
//   3. MicroBatchGraph, k times: forward again, and backward from the features' gradients
//   4. UpdateGraph: norm, clipping and AdamW of the sum of all gradients
// Samples that a loss does not couple (cross_entropy) need 3 and 4 alone. Sums lie in the state
// variables `accumulated.gradients`, laid out as the trainable arena, and `accumulated.loss`.
#pragma once

#include "autograd/memory_report.h"
#include "train/step_parts.h"

#include <memory>

namespace tandem {

inline constexpr const char* accumulated_gradients = "accumulated.gradients";

// Fetches "image_features" and "text_features" [B, E].
struct FeatureGraph : ProgramGraph {
  FeatureGraph(const ClipConfig& model, const TrainConfig& train);
};

// Which trainable parameters a graph has gradients of, in order.
using Reached = std::vector<bool>;

// Inputs `image_features` and `text_features` [N, E]. Fetches their gradients as
// "image_gradients" and "text_gradients", and sets the sums. With options.keep_gradients those of
// parameters are fetched instead, as "grad.<parameter>".
struct LossGraph : ProgramGraph {
  LossGraph(const ClipConfig& model, const TrainConfig& train, const StepOptions& options);

  Reached reached;
};

// Inputs `image_gradients` and `text_gradients` [B, E], or with `cross_entropy` the labels, and
// `more` f32 [1], 0 in the first micro-batch. Adds to the sums; options as above.
struct MicroBatchGraph : ProgramGraph {
  MicroBatchGraph(const ClipConfig& model, const TrainConfig& train, const StepOptions& options);

  Reached reached;
};

// Fetches as StepGraph does, but for features and logits. `reached` by any of the others.
struct UpdateGraph : ProgramGraph {
  UpdateGraph(const ClipConfig& model, const TrainConfig& train, const StepOptions& options,
              const Reached& reached);
};

// All of a step.
struct AccumulationGraphs {
  // Throws ShapeError, ConfigError.
  AccumulationGraphs(const ClipConfig& model, const TrainConfig& train, const StepOptions& options);

  // Those that there are, in the order in which they run, each so many times.
  struct Run {
    const ProgramGraph* graph;
    int64_t times;
  };
  std::vector<Run> runs() const;

  std::unique_ptr<FeatureGraph> features;        // null where samples are not coupled
  std::unique_ptr<LossGraph> loss;               // likewise
  std::unique_ptr<MicroBatchGraph> micro_batch;  // null where it would have no gradient
  std::unique_ptr<UpdateGraph> update;
  Reached reached;  // by any of them

 private:
  int64_t micro_batches_;
};

// Of a step, by those of its programs in that order; the update's is told when there are all of the
// variables. The sum of the gradients counts among the activations, as gradients elsewhere do.
MemoryReport memory_of_step(const std::vector<MemoryReport>& programs);

}  // namespace tandem
