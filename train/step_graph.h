// The graph of one training step as a whole: both towers, the loss, its gradients and the optimizer. Texts
// are those of the pictures, or with the loss `cross_entropy` those of all classes.
#pragma once

#include "train/step_parts.h"

namespace tandem {

// Fetches the loss, the gradient norm and logit_scale, then by name: "image_features", "logits",
// "grad.<parameter>", ... and with fp16 "gradient_factor", which takes the loss scale away.
struct StepGraph : ProgramGraph {
  // For batches of train.batch_size. Throws ShapeError, ConfigError.
  StepGraph(const ClipConfig& model, const TrainConfig& train, const StepOptions& options = {});

  std::vector<std::string> parameters;  // names of the trainable ones
};

}  // namespace tandem
