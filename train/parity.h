// Does Tandem compute what another framework computed? A reference file (safetensors) holds
//   in.pixels [N, 3, H, W], in.tokens [N, T]
//   out.image_features, out.text_features [N, E], out.logits [N, N], out.loss
//                      of the first step
//   grad.<parameter>   gradients of the last step, or of step `grad_step`
//   after<n>.<parameter>   parameters after n steps of AdamW on that batch
// with open_clip's names, timm's below visual.trunk. among them,
// and in its metadata "config", a JSON object: lr, wd, steps, siglip (0 or 1), and optionally
// grad_step, beta1, beta2, eps (0.9, 0.98, 1e-6). Whatever of it is there is compared.
#pragma once

#include "core/device.h"
#include "models/clip_config.h"
#include "train/checkpoint/safetensors.h"

#include <string>
#include <vector>

namespace tandem {

struct ParityRow {
  std::string name;
  double largest_difference = 0;
  double relative = 0;  // |difference| / |reference|, Euclidean norms
  double tolerance = 0;
  bool passed() const { return relative <= tolerance; }
};

// Largest relative errors allowed.
struct ParityTolerance {
  double outputs = 2e-5;  // features, logits, loss
  double gradients = 2e-4;
  double parameters = 1e-3;

  // What a precision is allowed against an fp32 reference. Rounding to bf16 changes a value by up
  // to 2^-9 of it, to fp16 by an eighth of that; a loss whose logits differ little, as an untrained
  // model's do, magnifies that some twentyfold in its gradients, and the first steps of AdamW turn
  // a gradient near zero whose sign has changed into a whole step the other way.
  static ParityTolerance of(DType precision);
};

// One row for each tensor of the reference. A SigLIP reference gives the model a logit bias if its
// config has none. Throws CheckpointError for files that do not fit the model or lack an input.
std::vector<ParityRow> check_parity(ClipConfig model, const Safetensors& weights,
                                    const Safetensors& reference, Device& device,
                                    DType precision = DType::f32);

}  // namespace tandem
