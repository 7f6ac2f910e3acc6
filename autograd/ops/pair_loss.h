// What the losses over square matrices of similarities share.
#pragma once

#include "autograd/op.h"
#include "autograd/ops/require.h"
#include "core/cpu/losses.h"

namespace tandem {

// Throws ShapeError named `op` unless input 0 is [N, N] and the others have one element, all f32.
inline void require_pairs(const OpContext& context, std::string_view op) {
  require_f32(context, op, context.inputs.size());
  const Shape& similarity = context.in(0);
  if (similarity.rank() != 2 || similarity[0] != similarity[1] || similarity[0] < 1) {
    fail<ShapeError>("{}: similarity is {}; expected [N, N], pictures by texts.", op, similarity);
  }
  for (size_t i = 1; i < context.inputs.size(); ++i) {
    if (context.in(i).elements() == 1 && context.in(i).rank() <= 1) continue;
    fail<ShapeError>("{}: {} is {}; expected [] or [1].", op, i == 1 ? "logit_scale" : "logit_bias",
                     context.in(i));
  }
}

// Inputs 0, 1 (and 2 with `bias`) of a pair loss or of its gradient.
inline cpu::PairLoss pair_loss_work(const CpuBinding& binding, bool bias, double smoothing) {
  return {.threads = binding.threads,
          .similarity = binding.input(0),
          .logit_scale = binding.input(1),
          .logit_bias = bias ? binding.input(2) : nullptr,
          .scratch = reinterpret_cast<float*>(binding.scratch),
          .size = binding.in(0)[0],
          .smoothing = smoothing};
}

inline size_t pair_loss_scratch(const OpContext& context, const DeviceInfo&) {
  return cpu::pair_loss_scratch(context.in(0)[0]);
}

}  // namespace tandem
