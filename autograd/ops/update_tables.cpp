#include "autograd/ops/update_tables.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>

namespace tandem {

void require_tables(std::string_view who, const TensorType& arena, const TensorType& blocks) {
  const int64_t count = arena.shape.elements();
  if (arena.dtype != DType::f32 || arena.shape.rank() != 1 || count % arena_block != 0) {
    fail<ShapeError>("{}: arena is {}; expected f32 [a multiple of {}].", who, arena.str(),
                     arena_block);
  }
  if (blocks != TensorType{DType::i32, {count / arena_block, 2}}) {
    fail<ShapeError>("{}: blocks is {} but arena is {}; expected i32 [{}, 2].", who, blocks.str(),
                     arena.str(), count / arena_block);
  }
}

void require_update(std::string_view who, const OpContext& context, size_t arenas) {
  require_tables(who, *context.inputs[1], *context.inputs[arenas]);
  for (size_t i = 0; i < arenas; ++i) {
    if (*context.inputs[i] == *context.inputs[1]) continue;
    fail<ShapeError>(
        "{}: gradients are {} but the parameters' arena is {}; pack them by gradient_arena().", who,
        context.inputs[1]->str(), context.inputs[i]->str());
  }
  const TensorType& groups = *context.inputs[arenas + 1];
  if (groups.dtype != DType::f32 || groups.shape.rank() != 2 || groups.shape[1] != 4) {
    fail<ShapeError>("{}: groups is {}; expected f32 [G, 4].", who, groups.str());
  }
  const TensorType& norm = *context.inputs[arenas + 2];
  const TensorType& hyper = *context.inputs[arenas + 3];
  if (norm == TensorType{DType::f32, {1}} && hyper == TensorType{DType::f32, {8}}) return;
  fail<ShapeError>("{}: norm is {} and hyper is {}; expected f32 [1] and f32 [8].", who, norm.str(),
                   hyper.str());
}

UpdateInputs update_inputs(const CpuBinding& binding, size_t arenas) {
  return {.count = binding.in(0).elements(),
          .blocks = binding.input<int32_t>(arenas),
          .groups = binding.input(arenas + 1),
          .group_count = binding.in(arenas + 1)[0],
          .norm = binding.input(arenas + 2),
          .hyper = binding.input(arenas + 3)};
}

bool holds_value(const std::vector<double>& blocks, size_t element) {
  const size_t block = element / arena_block;
  return static_cast<double>(element % arena_block) < blocks[2 * block + 1];
}

ReferenceUpdate::ReferenceUpdate(const ReferenceBinding& binding, size_t arenas)
    : gradients_(binding.input(1)),
      blocks_(binding.input(arenas)),
      groups_(binding.input(arenas + 1)),
      hyper_(binding.input(arenas + 3)),
      norm_(binding.input(arenas + 2)[0]) {
  const double max_norm = hyper_[6];
  const double clip = max_norm > 0 ? std::min(1.0, max_norm / (norm_ * hyper_[7] + 1e-6)) : 1.0;
  factor_ = hyper_[7] * clip;
}

bool ReferenceUpdate::finite() const { return std::isfinite(norm_); }

const double* ReferenceUpdate::group(size_t element) const {
  return &groups_[4 * static_cast<size_t>(blocks_[element / arena_block * 2])];
}

}  // namespace tandem
