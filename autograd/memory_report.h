// What a program takes of its device's memory, told from its plan: no device is needed.
#pragma once

#include "autograd/plan.h"

#include <string>

namespace tandem {

// Bytes on the device, known before the first run.
struct MemoryReport {
  size_t trainable = 0;
  size_t frozen = 0;
  size_t state = 0;      // optimizer moments and the like
  size_t constants = 0;
  size_t activations = 0;  // the program's arenas: inputs, activations, gradients, scratch
  size_t peak() const { return trainable + frozen + state + constants + activations; }

  bool operator==(const MemoryReport&) const = default;
};

// Of a placed plan of the graph, with the graph's own variables.
MemoryReport planned_memory(const Graph& graph, const Plan& plan);

// The constants that a placed plan reads, as ids of values.
std::vector<int> used_constants(const Plan& plan);

// Tensors of one type that the same kind of op makes, or one variable.
struct LargeTensor {
  std::string name;  // "scope op" of the first, or the variable's or input's
  TensorType type;
  size_t bytes = 0;  // of each
  int count = 1;
};

// What is largest, all of a kind together, when the arenas are fullest: variables, and what the
// arenas hold then. The largest first, at most `count`.
std::vector<LargeTensor> largest_tensors(const Graph& graph, const Plan& plan, size_t count);

}  // namespace tandem
