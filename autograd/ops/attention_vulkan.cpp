#include "autograd/ops/attention_vulkan.h"

#include "autograd/ops/row_runs.h"
#include "core/kernel_traits.h"

#include <bit>
#include <cmath>
#include <limits>

namespace tandem {

namespace {

// How rows of one head are dealt to invocations; see shaders/common/head.glsl.
struct HeadTiling {
  int64_t invocations = 0;  // of a workgroup
  int64_t each = 1;         // rows of an invocation
  int64_t steps = 1;        // rows of the others at a time
  int64_t sharers = 1;      // invocations that keep a row together: 1 or 4

  int64_t rows() const { return invocations / sharers * each; }  // of a workgroup
};

// Whether four invocations keep a row together. Without the exchange of values between them, or
// for widths that they can't share evenly, one does.
bool by_quads(const cpu::AttentionShape& shape, const DeviceInfo& device) {
  return !device.software() && kernel_traits(device).subgroup_shuffles && shape.width % 16 == 0;
}

// On the CPU a workgroup is eight side by side; as many rows each as leave few idle and keep the
// unrolled code short (a load costs there about what eight multiply-adds do). On GPUs workgroups
// are whole subgroups that take all rows of a head where those are few, one row an invocation or,
// by quads, two, so that what is loaded serves twice; a causal workgroup stops at its last query,
// so small ones skip more.
HeadTiling head_tiling(const cpu::AttentionShape& shape, const DeviceInfo& device) {
  HeadTiling best;
  if (!device.software()) {
    const bool quads = by_quads(shape, device);
    best.sharers = quads ? 4 : 1;
    best.each = quads ? 2 : 1;
    best.steps = quads ? 2 : 4;
    const int64_t width = std::max<int64_t>(device.subgroup_size, 32);
    const int64_t widest = std::min<int64_t>(device.max_workgroup_invocations, quads ? 256 : 128);
    const int64_t most = shape.causal ? 32 : widest / best.sharers * best.each;
    const int64_t groups = (shape.tokens + most - 1) / most;
    const int64_t rows = (shape.tokens + groups * best.each - 1) / (groups * best.each);
    best.invocations = std::min(widest, (rows * best.sharers + width - 1) / width * width);
    return best;
  }
  best.invocations = 8;
  int64_t lowest = std::numeric_limits<int64_t>::max();
  for (int64_t each = 1; each <= 4 && (each == 1 || each * shape.width <= 128); ++each) {
    const int64_t cost = (shape.tokens + 8 * each - 1) / (8 * each) * (8 + 2 * each);
    if (cost < lowest) best.each = each;
    lowest = std::min(lowest, cost);
  }
  return best;
}

Dispatch head_dispatch(const VulkanBinding& binding, const cpu::AttentionShape& shape,
                       std::string shader, const RowRun& samples) {
  const HeadTiling tiling = head_tiling(shape, *binding.device);
  const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape.width)));
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  const int64_t rows = tiling.rows();
  return {.shader = tiling.sharers > 1 ? shader + "_quads" : std::move(shader),
          .specialization = {word(tiling.invocations), word(shape.width), word(shape.causal),
                             std::bit_cast<uint32_t>(scale), word(tiling.each), word(tiling.steps)},
          .push = {word(shape.tokens), word(shape.heads)},
          .workgroups = {word((shape.tokens + rows - 1) / rows), word(shape.heads),
                         word(samples.count)}};
}

// Bytes of one sample in qkv, in out and in lse.
struct SampleBytes {
  size_t qkv;
  size_t out;
  size_t lse;

  explicit SampleBytes(const cpu::AttentionShape& shape)
      : qkv(static_cast<size_t>(shape.tokens * shape.heads * shape.width) * 3 * sizeof(float)),
        out(qkv / 3),
        lse(static_cast<size_t>(shape.tokens * shape.heads) * sizeof(float)) {}

  std::vector<RowRun> runs(const DeviceInfo& device, int64_t samples) const {
    return row_runs("attention", device, samples, {qkv, out, lse}, 1, 65535);
  }
};

}  // namespace

std::vector<Dispatch> attention_dispatches(const VulkanBinding& binding,
                                           const cpu::AttentionShape& shape) {
  const SampleBytes bytes(shape);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : bytes.runs(*binding.device, shape.samples)) {
    const BufferRange qkv = run.of(binding.input(0), bytes.qkv);
    Dispatch dispatch = head_dispatch(binding, shape, "attention_forward", run);
    dispatch.buffers = {qkv, qkv, run.of(binding.output(0), bytes.out),
                        run.of(binding.output(1), bytes.lse)};
    dispatch.writes = 0b1100;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

std::vector<Dispatch> attention_gradient_dispatches(const VulkanBinding& binding,
                                                    const cpu::AttentionShape& shape) {
  const SampleBytes bytes(shape);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : bytes.runs(*binding.device, shape.samples)) {
    const BufferRange qkv = run.of(binding.input(0), bytes.qkv);
    const BufferRange out = run.of(binding.input(1), bytes.out);
    const BufferRange lse = run.of(binding.input(2), bytes.lse);
    const BufferRange dout = run.of(binding.input(3), bytes.out);
    const BufferRange dqkv = run.of(binding.output(0), bytes.qkv);
    const BufferRange delta = run.of(binding.scratch, bytes.lse);
    Dispatch query = head_dispatch(binding, shape, "attention_backward_query", run);
    query.buffers = {qkv, qkv, dout, dout, out, lse, dqkv, delta};
    query.writes = 0b11000000;
    dispatches.push_back(std::move(query));
    Dispatch key = head_dispatch(binding, shape, "attention_backward_key", run);
    key.buffers = {qkv, qkv, dout, dout, lse, delta, dqkv};
    key.writes = 0b1000000;
    dispatches.push_back(std::move(key));
  }
  return dispatches;
}

}  // namespace tandem
