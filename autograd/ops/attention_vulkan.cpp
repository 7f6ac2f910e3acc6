#include "autograd/ops/attention_vulkan.h"

#include "autograd/ops/row_runs.h"
#include "core/kernel_traits.h"

#include <algorithm>
#include <bit>
#include <cmath>

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

// Whether four invocations can keep a row together: they exchange values, and share its width evenly.
bool can_share(const cpu::AttentionShape& shape, const DeviceInfo& device) {
  return !device.software() && kernel_traits(device).subgroup_shuffles && shape.width % 16 == 0;
}

// So many invocations as those rows need, whole subgroups that take all rows of a head where those
// are few; a causal workgroup stops at its last query, so small ones skip more.
HeadTiling on_gpu(const cpu::AttentionShape& shape, const DeviceInfo& device, HeadTiling tiling) {
  const int64_t width = std::max<int64_t>(device.subgroup_size, 32);
  const int64_t widest =
      std::min<int64_t>(device.max_workgroup_invocations, tiling.sharers > 1 ? 256 : 128);
  const int64_t most = shape.causal ? 32 : widest / tiling.sharers * tiling.each;
  const int64_t groups = (shape.tokens + most - 1) / most;
  const int64_t rows = (shape.tokens + groups * tiling.each - 1) / (groups * tiling.each);
  tiling.invocations = std::min(widest, (rows * tiling.sharers + width - 1) / width * width);
  return tiling;
}

// What a device can be given. On the CPU a workgroup is eight side by side; on GPUs an invocation
// takes a row or two, alone or with three others. The code of many rows at a time is unrolled, and
// must stay short.
std::vector<HeadTiling> tilings(const cpu::AttentionShape& shape, const DeviceInfo& device) {
  std::vector<HeadTiling> all;
  if (device.software()) {
    for (int64_t each = 1; each <= 4 && (each == 1 || each * shape.width <= 128); ++each) {
      all.push_back({.invocations = 8, .each = each});
    }
    return all;
  }
  for (const int64_t sharers : {1, 4}) {
    if (sharers > 1 && !can_share(shape, device)) continue;
    for (const int64_t each : {1, 2}) {
      for (const int64_t steps : {1, 2, 4}) {
        all.push_back(on_gpu(shape, device, {.each = each, .steps = steps, .sharers = sharers}));
      }
    }
  }
  return all;
}

// On the CPU as many rows each as leave few idle (a load costs there about what eight multiply-adds
// do); on GPUs one row an invocation or, shared, two, so that what is loaded serves twice.
HeadTiling by_rule(const cpu::AttentionShape& shape, const DeviceInfo& device) {
  if (!device.software()) {
    const bool shared = can_share(shape, device);
    return on_gpu(shape, device,
                  {.each = shared ? 2 : 1, .steps = shared ? 2 : 4, .sharers = shared ? 4 : 1});
  }
  const auto cost = [&](const HeadTiling& tiling) {
    return (shape.tokens + tiling.rows() - 1) / tiling.rows() * (8 + 2 * tiling.each);
  };
  const std::vector<HeadTiling> all = tilings(shape, device);
  return *std::min_element(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return cost(a) < cost(b);
  });
}

std::string name_of(const HeadTiling& tiling) {
  return fmt::format("{} rows by {}, {} at a time", tiling.each, tiling.sharers, tiling.steps);
}

std::string what_of(const cpu::AttentionShape& shape, bool gradient) {
  return fmt::format("attention{}{} T{} D{}", gradient ? " gradient" : "",
                     shape.causal ? " causal" : "", shape.tokens, shape.width);
}

HeadTiling head_tiling(const cpu::AttentionShape& shape, bool gradient, const DeviceInfo& device) {
  const std::string tuned = tuned_variant(device, what_of(shape, gradient));
  for (const HeadTiling& tiling : tilings(shape, device)) {
    if (name_of(tiling) == tuned) return tiling;
  }
  return by_rule(shape, device);
}

Dispatch head_dispatch(const VulkanBinding& binding, const cpu::AttentionShape& shape,
                       std::string shader, const RowRun& samples) {
  const bool gradient = shader != "attention_forward";
  const HeadTiling tiling = head_tiling(shape, gradient, *binding.device);
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

Tunable tunable_attention(const cpu::AttentionShape& shape, bool gradient,
                          const DeviceInfo& device) {
  Tunable tunable{.what = what_of(shape, gradient), .variants = {}};
  for (const HeadTiling& tiling : tilings(shape, device)) {
    tunable.variants.push_back(name_of(tiling));
  }
  return tunable;
}

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
