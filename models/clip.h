// CLIP (Radford et al. 2021, Figure 3). N pairs, E shared width; names in [brackets] are the
// figure's.
#pragma once

#include "models/text_transformer.h"
#include "models/vision_transformer.h"

#include <optional>

namespace tandem {

class Clip {
 public:
  // Declares every parameter under open_clip's name, and those of config.adaptation.
  Clip(Graph& graph, const ClipConfig& config, DropoutSeeds seeds = {});

  // The same by a list of parameters that the caller has.
  Clip(Parameters& parameters, const ClipConfig& config);

  // Inputs for N pairs: `pixels` [N, 3, H, W], what patch dropout keeps of them (see
  // VisionTransformer::kept_input), and the texts' (see TextTransformer::inputs).
  Tensor pixel_input(Graph& graph, int64_t N) const;
  Tensor kept_input(Graph& graph, int64_t N) const { return visual_->kept_input(graph, N); }
  TextInput text_inputs(Graph& graph, int64_t N) const { return text_.inputs(graph, N); }

  // [I_e] of the inputs of N pictures, which it adds: pixels, or without an image tower the unit
  // embeddings themselves, `image_features` [N, E].
  Tensor images(Graph& graph, int64_t N) const;

  // Unit-length embeddings [I_e] and [T_e], [N, E].
  Tensor encode_image(Tensor pixels, Tensor kept = {}) const;
  Tensor encode_text(const TextInput& text) const;

  // Scaled similarities of pictures [N, E] and the texts of K classes, [N, K]. With conditional
  // prompts each picture has texts of its own.
  Tensor class_logits(Tensor image_features, const TextInput& classes) const;

  // Scaled pairwise similarities [logits], [N, N], images by texts.
  Tensor logits(Tensor image_features, Tensor text_features) const;

  // CLIP's symmetric cross entropy, or SigLIP's pairwise sigmoid loss (Zhai et al. 2023,
  // section 3) where the model has a logit_bias and `sigmoid` is set. [].
  Tensor loss(Tensor image_features, Tensor text_features, bool sigmoid = false,
              double label_smoothing = 0) const;

  Tensor logit_scale() const { return logit_scale_; }
  const ClipConfig& config() const { return config_; }

 private:
  Clip(Parameters&& parameters, const ClipConfig& config) : Clip(parameters, config) {}
  Tensor scaled(Tensor cosines) const;

  ClipConfig config_;
  std::optional<VisionTransformer> visual_;
  TextTransformer text_;
  PromptLearner prompts_;
  Tensor logit_scale_;  // [], natural logarithm [t]
  Tensor logit_bias_;   // [] or null
};

}  // namespace tandem
