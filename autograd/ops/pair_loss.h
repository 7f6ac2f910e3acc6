// What the losses over square matrices of similarities share.
#pragma once

#include "autograd/op.h"
#include "autograd/ops/require.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/losses.h"

#include <bit>

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

// Room for two terms a row, in double on the CPU.
inline size_t pair_loss_scratch(const OpContext& context, const DeviceInfo& device) {
  const int64_t size = context.in(0)[0];
  return device.backend == "cpu" ? cpu::pair_loss_scratch(size)
                                 : static_cast<size_t>(2 * size) * sizeof(float);
}

// A dispatch over the rows of the similarities, which must fit in one binding, of a shader that
// takes `more` push constants. Throws DeviceError named `op`.
inline Dispatch pair_loss_rows(const VulkanBinding& binding, std::string_view op,
                               std::string shader, const std::vector<uint32_t>& more = {}) {
  const int64_t size = binding.in(0)[0];
  if (binding.input(0).bytes > binding.device->max_storage_range) {
    fail<DeviceError>(
        "{}: similarities {} are {} bytes but a binding of the device is at most {}; "
        "use a smaller batch or another device.",
        op, binding.in(0), binding.input(0).bytes, binding.device->max_storage_range);
  }
  return row_dispatch(*binding.device, std::move(shader), size, size, more);
}

// result = factor * (sum of `count` terms of the scratch from `first` on).
inline Dispatch pair_loss_sum(const VulkanBinding& binding, const BufferRange& result,
                              int64_t first, int64_t count, double factor) {
  Dispatch dispatch = row_dispatch(
      *binding.device, "loss_sum", 1, count,
      {static_cast<uint32_t>(first), std::bit_cast<uint32_t>(static_cast<float>(factor))});
  dispatch.buffers = {binding.scratch, result};
  dispatch.writes = 0b10;
  return dispatch;
}

}  // namespace tandem
