// An adapter's tensors and the weights that they change, on the host. Only what is a function of
// the weights alone can be merged: LoRA, DoRA, IA3 and trained parameters of the model.
#pragma once

#include "models/adapters/adaptation.h"
#include "train/checkpoint/named_tensor.h"

#include <string>
#include <vector>

namespace tandem {

// Where a linear layer's part lies, by its name as adapters have it ("...attn.q").
struct LayerPart {
  std::string weight, bias;  // parameters
  int64_t index = 0, count = 1;  // it is rows [index, index + 1) / count of the weight
};
LayerPart layer_part(const std::string& part);

// Whether a name is that of DoRA's magnitudes, and their first values: the lengths of the rows of
// the part's weight.
bool is_magnitude(const std::string& name);
std::vector<float> first_magnitudes(const std::string& name, const std::vector<NamedTensor>& base);

// The base's parameters with the adapter in them, rounded once from double. Throws ConfigError for
// an adapter that can't be merged (learnt tokens), CheckpointError for tensors that do not fit.
std::vector<NamedTensor> merged(const std::vector<NamedTensor>& base,
                                const std::vector<NamedTensor>& adapter,
                                const Adaptation& adaptation);

// Merged weights with the adapter out of them again, and by how much a value may differ from the
// base's: where an adapter lies in a weight, rounding, of the merged value and of this one; all
// others are the base's bits.
struct Unmerged {
  std::vector<NamedTensor> tensors;
  double error = 0;
};

// Throws as merged() does, and ConfigError for what no computation gives back: parameters of the
// model that were trained, DoRA, IA3 with a factor of zero.
Unmerged unmerged(const std::vector<NamedTensor>& weights, const std::vector<NamedTensor>& adapter,
                  const Adaptation& adaptation);

}  // namespace tandem
