// What files beside the weights say of a model.
#pragma once

#include "train/weights/detect.h"
#include "train/weights/layout.h"

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

}  // namespace tandem
