// A whole model out of a file that someone published.
#pragma once

#include "models/clip_config.h"
#include "train/weights/hints.h"
#include "train/weights/layout.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

struct ModelWeightsOptions {
  std::optional<ClipConfig> model;    // in place of the detected one
  std::optional<int64_t> image_size;  // resizes the position table; a multiple of the patch size
  std::optional<bool> quick_gelu;     // in place of what was found or assumed
};

struct ModelWeights {
  ClipConfig model;
  std::vector<NamedTensor> tensors;             // every parameter, in the model's order
  Layout found = Layout::open_clip;             // the file's layout
  std::map<std::string, std::string> metadata;  // as read_weights gives it
  std::string tokenizer;                         // serialized, for a checkpoint; empty: its own
  std::optional<Preprocessing> preprocessing;   // what a file beside the weights says
  std::vector<std::string> left_out;            // names of tensors that the model has not
  std::vector<std::string> notes;               // sentences on what was found, chosen or changed
};

// "exact GELU", "QuickGELU", ...
std::string activation_in_words(const ClipConfig& model);

// Reads the weights and says of what model they are. In this order of strength: the options; the
// config in a checkpoint, or in the metadata of a safetensors file that Tandem wrote; the shapes of
// the tensors, with activation and number of heads from a config.json (Hugging Face) or
// open_clip_config.json beside the file, if there is one.
// Throws CheckpointError as read_weights, or if a parameter is missing or of another shape;
// ConfigError for options that do not fit.
ModelWeights read_model_weights(const std::string& path, const ModelWeightsOptions& options = {});

}  // namespace tandem
