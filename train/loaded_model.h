// A checkpoint's model on a device, ready to encode pictures and texts.
#pragma once

#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/encoder.h"
#include "train/text/tokenizer.h"

#include <memory>
#include <string>

namespace tandem {

struct LoadedModel {
  static constexpr int64_t chunk = 64;  // pictures or texts that it encodes at a time

  std::string path;  // of the checkpoint
  RunConfig config;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Variables> variables;
  std::unique_ptr<Encoder> encoder;

  // The prompt of a class that it was trained with, or CLIP's usual one.
  std::string class_template() const {
    const bool classes = config.train.loss == "cross_entropy";
    return classes ? config.data.format.class_template : "a photo of a {}.";
  }
};

// source: a checkpoint, a run's folder or one of checkpoints. The device must outlive the model.
// An adapter's base is where its config says, or at `base`. Throws CheckpointError, ConfigError for
// another base, and what Program throws.
LoadedModel load_model(const std::string& source, Device& device, const std::string& base = {});

}  // namespace tandem
