// Parameters between files and a device's variables.
#pragma once

#include "autograd/variables.h"
#include "train/checkpoint/named_tensor.h"

#include <vector>

namespace tandem {

// Sets every parameter from the tensor of its name; shape [1] fits []. `source` names the file in
// errors. Throws CheckpointError for a missing tensor, one that no parameter has, or another
// shape; then no parameter has changed. With `trained_alone`, of the parameters that are trained.
void load_parameters(Variables& variables, const std::vector<NamedTensor>& tensors,
                     const std::string& source, bool trained_alone = false);

// Every parameter with its shape and values, in order of declaration; likewise.
std::vector<NamedTensor> save_parameters(const Variables& variables, bool trained_alone = false);

}  // namespace tandem
