// Inputs and outputs that compile() may keep in 16 bits, as CPU kernels take them.
#pragma once

#include "autograd/op.h"
#include "core/cpu/stored.h"

namespace tandem {

inline Stored stored_input(const CpuBinding& binding, size_t i) {
  return {binding.input_data.at(i), binding.inputs.at(i)->dtype};
}

inline Stored stored_output(const CpuBinding& binding, size_t i) {
  return {binding.output_data.at(i), binding.outputs.at(i)->dtype};
}

}  // namespace tandem
