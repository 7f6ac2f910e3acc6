// What files beside the weights say of a model.
#pragma once

#include "train/weights/detect.h"
#include "train/weights/layout.h"

#include <array>
#include <optional>
#include <string>

namespace tandem {

struct FoundHints {
  DetectHints hints;
  std::string source;  // the file that they are from; empty if there is none
};

// From config.json (Hugging Face layout) or open_clip_config.json (open_clip layout) in the folder
// of `weights`. A file that is not there gives nothing. Throws CheckpointError for one that is not
// JSON or above 1 MiB.
FoundHints read_hints(const std::string& weights, Layout layout);

// What a checkpoint's pictures go through; the names are those of configs.
struct Preprocessing {
  std::array<double, 3> mean{0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> std{0.26862954, 0.26130258, 0.27577711};
  std::string interpolation = "bicubic";
  std::string resize_mode = "shortest";
  std::string source;  // the file that says so
};

// SigLIP's: squashed, every channel to [-1, 1].
Preprocessing siglip_preprocessing();

// From preprocessor_config.json (Hugging Face layout) or open_clip_config.json (open_clip layout)
// beside `weights`. Throws as read_hints does, and for values that are none.
std::optional<Preprocessing> read_preprocessing(const std::string& weights, Layout layout);

}  // namespace tandem
