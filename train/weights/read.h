// Weights from the files of others.
#pragma once

#include "train/checkpoint/named_tensor.h"

#include <map>
#include <string>
#include <vector>

namespace tandem {

// Every tensor of a file with its name, as f32 (f16, bf16, f64 and integers are converted), in the
// file's order. What the file is, is told by its content:
//   safetensors; a Tandem checkpoint (.h5); a PyTorch zip archive (.pt, .pth, .bin) with a state
//   dict, alone or as 'state_dict'; a TorchScript archive (OpenAI's .pt).
// A "module." that every name starts with is taken off.
// `metadata` becomes the file's own (safetensors' __metadata__, a checkpoint's attributes), and
// "tandem.source": "safetensors", "checkpoint", "torch" or "torchscript".
// Throws CheckpointError for a damaged file or one of another kind; no code in a file is run, and
// memory is bounded by the file's size.
std::vector<NamedTensor> read_weights(const std::string& path,
                                      std::map<std::string, std::string>& metadata);

}  // namespace tandem
