// What the ops that update an arena of parameters have in common: their inputs are the parameters,
// the gradients and the optimizer's states, all f32 [total], then blocks, groups, norm and hyper.
#pragma once

#include "autograd/op.h"
#include "core/cpu/optimizer.h"

namespace tandem {

// Throws ShapeError, in the name of `who`, unless the arena and its table of blocks fit.
void require_tables(std::string_view who, const TensorType& arena, const TensorType& blocks);

// The same for all inputs of an update with `arenas` inputs before the blocks.
void require_update(std::string_view who, const OpContext& context, size_t arenas);

// What the CPU's kernels take of them.
UpdateInputs update_inputs(const CpuBinding& binding, size_t arenas);

// Whether an element is updated, by the values of `blocks`.
bool holds_value(const std::vector<double>& blocks, size_t element);

// What a reference works out once an update, and once an element.
class ReferenceUpdate {
 public:
  ReferenceUpdate(const ReferenceBinding& binding, size_t arenas);

  // Whether the norm lets anything change.
  bool finite() const;

  bool updates(size_t element) const { return holds_value(blocks_, element); }
  const std::vector<double>& hyper() const { return hyper_; }
  double gradient(size_t element) const { return gradients_[element] * factor_; }

  // lr factor, weight decay, lower, upper of the element's group.
  const double* group(size_t element) const;

 private:
  const std::vector<double>& gradients_;
  const std::vector<double>& blocks_;
  const std::vector<double>& groups_;
  const std::vector<double>& hyper_;
  double norm_;
  double factor_;  // clipping and scaling
};

}  // namespace tandem
