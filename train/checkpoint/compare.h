// How two checkpoints differ.
#pragma once

#include "train/checkpoint/checkpoint.h"

#include <span>
#include <string>
#include <vector>

namespace tandem {

// sqrt(mean(x^2)), summed in double; 0 if there are no values.
double root_mean_square(std::span<const float> values);

struct TensorDifference {
  std::string name;     // "model/visual.proj"
  std::string problem;  // "only in the first", "[2] and [3]"; empty if they can be compared
  bool bit_equal = false;
  double max_abs = 0;  // largest absolute difference; NaN if one of them is NaN where they differ
};

struct CheckpointDifference {
  std::vector<TensorDifference> tensors;  // every one, the equal ones too
  std::vector<std::string> state;         // "step: 5 and 6"
  std::vector<std::string> attributes;    // names of those that differ

  // Attributes do not count.
  bool equal() const { return different_tensors() == 0 && state.empty(); }
  size_t different_tensors() const;
};

CheckpointDifference compare(const Checkpoint& first, const Checkpoint& second);

}  // namespace tandem
