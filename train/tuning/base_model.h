// The weights that a run starts from, or that an adapter is added to.
#pragma once

#include "autograd/variables.h"
#include "train/checkpoint/named_tensor.h"
#include "train/config/run_config.h"

#include <string>
#include <vector>

namespace tandem {

struct BaseModel {
  std::string path;
  std::vector<NamedTensor> tensors;  // every parameter of the model, in its order
  std::string sha256;                // see hash_of
  std::string tokenizer;             // JSON; empty where the file has none
};

// Reads adapter.base, of any kind that `tandem convert` reads, or a run's newest checkpoint. Throws
// ConfigError where it can't be read, is of another model than the config's, is an adapter itself,
// or has another hash than adapter.base_sha256, if that is set.
BaseModel read_base(const RunConfig& config);

// SHA-256 of the tensors' names, shapes and values, whatever kind of file they are from.
std::string hash_of(const std::vector<NamedTensor>& tensors);

// SHA-256 of all that an image tower's embeddings depend on beside the pixels: its tensors among
// these, its heads and its activation.
std::string image_tower_hash(const std::vector<NamedTensor>& tensors, const ClipConfig& model);

// Sets the model's own parameters, and what adapters start from: DoRA's magnitudes. Those
// that the model does without are passed over.
void load_base(Variables& variables, const BaseModel& base);

}  // namespace tandem
