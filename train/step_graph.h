// The graph of one training step: both towers, the loss, its gradients and AdamW. Texts are those
// of the pictures, or with the loss `cross_entropy` those of all classes.
#pragma once

#include "models/clip.h"
#include "train/config/run_config.h"

#include <map>

namespace tandem {

struct StepOptions {
  DType precision = DType::f32;  // of matrix products
  bool keep_gradients = false;   // every gradient, the features and logits can be fetched
};

struct StepGraph {
  // For batches of train.batch_size. Throws ShapeError.
  StepGraph(const ClipConfig& model, const TrainConfig& train, const StepOptions& options = {});
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;

  Graph graph;
  std::vector<std::string> parameters;  // names of the trainable ones
  std::vector<Tensor> fetches;          // the loss, the gradient norm, logit_scale, then by name:
  std::map<std::string, size_t> named;  // "image_features", "logits", "grad.<parameter>", ...
                                        // and with fp16 "gradient_factor", which takes the loss
                                        // scale away
};

}  // namespace tandem
