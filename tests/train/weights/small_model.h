// A CLIP model of 13 thousand parameters whose values tell where they are from.
#pragma once

#include "autograd/graph.h"
#include "models/clip.h"
#include "train/checkpoint/named_tensor.h"

#include <vector>

namespace tandem::test {

// Heads of 64, so that the shape can be read off the weights.
inline ClipConfig small_model() {
  ClipConfig model;
  model.embed_dim = 6;
  model.vision_cfg = {.image_size = 12,
                      .patch_size = 4,
                      .width = 64,
                      .layers = 2,
                      .head_width = 64,
                      .mlp_ratio = 0.25};
  model.text_cfg = {.context_length = 5,
                    .vocab_size = 11,
                    .width = 64,
                    .heads = 1,
                    .layers = 1,
                    .mlp_ratio = 0.25};
  return model;
}

// The same with SigLIP's towers.
inline ClipConfig small_siglip() {
  ClipConfig model = small_model();
  model.embed_dim = 64;
  model.init_logit_bias = -10.0;
  VisionConfig& vision = model.vision_cfg;
  vision.patch_bias = vision.no_ln_pre = true;
  vision.class_token = false;
  vision.pool_type = "map";
  vision.proj_type = "none";
  vision.norm_kwargs.eps = 1e-6;
  vision.weight_init = "timm";
  TextConfig& text = model.text_cfg;
  text.pool_type = "last";
  text.no_causal_mask = text.proj_bias = true;
  text.norm_kwargs.eps = 1e-6;
  return model;
}

// Every parameter, in order, with values that differ everywhere.
inline std::vector<NamedTensor> parameters_with_values(const ClipConfig& model) {
  Graph graph;
  const Clip clip(graph, model);
  std::vector<NamedTensor> tensors;
  float next = 1;
  for (const Variable& variable : graph.variables()) {
    NamedTensor tensor{variable.name, variable.type.shape, {}};
    for (int64_t i = 0; i < tensor.shape.elements(); ++i) tensor.values.push_back(next += 0.3f);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

inline NamedTensor& named(std::vector<NamedTensor>& tensors, const std::string& name) {
  for (NamedTensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
  }
  throw std::runtime_error("no " + name);
}

}  // namespace tandem::test
