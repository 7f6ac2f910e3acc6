// Weights out of the zip archives that PyTorch 1.6 and later write: torch.save of a state dict
// (alone, or under the key 'state_dict' of a training checkpoint), and TorchScript archives, whose
// state dict is made of the modules' attributes, as OpenAI published CLIP.
#pragma once

#include "train/checkpoint/named_tensor.h"

#include <map>
#include <string>
#include <vector>

namespace tandem {

struct TorchWeights {
  std::vector<NamedTensor> tensors;  // in the file's order; as f32, integers too
  bool script = false;               // from a TorchScript archive
};

// No code of the file is run. Throws CheckpointError for a damaged file, one that names anything
// but what state dicts are made of, or tensors that do not lie in their storages. Memory is
// bounded by the file's size.
TorchWeights read_torch_file(const std::string& path);

}  // namespace tandem
