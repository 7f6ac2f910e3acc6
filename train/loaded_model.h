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
  std::string path;  // of the checkpoint
  RunConfig config;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Variables> variables;
  std::unique_ptr<Encoder> encoder;
};

// source: a checkpoint, a run's folder or one of checkpoints. The device must outlive the model.
// Throws CheckpointError, and what Program throws.
LoadedModel load_model(const std::string& source, Device& device);

}  // namespace tandem
