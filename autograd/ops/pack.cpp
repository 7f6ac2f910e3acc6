// Tensors side by side in one flat arena.   y[offset_k + i] = x_k[i]
#include "autograd/ops/copy_dispatch.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/row_runs.h"
#include "autograd/ops/unary.h"
#include "core/cpu/movement.h"

#include <algorithm>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const std::vector<int64_t>& offsets = context.attributes->integers("offsets");
  const int64_t total = context.attributes->integer("total");
  if (offsets.size() != context.inputs.size()) {
    fail<ShapeError>("pack: {} offsets are given for {} parts.", offsets.size(),
                     context.inputs.size());
  }
  int64_t end = 0;
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (context.inputs[i]->dtype != DType::f32) {
      fail<ShapeError>("pack: part {} is {}; expected f32.", i, context.inputs[i]->str());
    }
    if (offsets[i] < end || offsets[i] % Variable::alignment != 0) {
      fail<ShapeError>("pack: part {} lies at {} but expected a multiple of {} from {} on.", i,
                       offsets[i], Variable::alignment, end);
    }
    end = offsets[i] + context.in(i).elements();
  }
  if (end > total) fail<ShapeError>("pack: parts end at {}, beyond the total of {}.", end, total);
  return {{DType::f32, {total}}};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<int64_t>& offsets = binding.attributes->integers("offsets");
  for (size_t i = 0; i < offsets.size(); ++i) {
    std::copy(binding.input(i).begin(), binding.input(i).end(),
              binding.output(0).begin() + offsets[i]);
  }
}

// Only parts that could not be made in place are copied.
std::function<void()> cpu(const CpuBinding& binding) {
  struct Part {
    const uint32_t* from;
    uint32_t* to;
    int64_t count;
  };
  std::vector<Part> parts;
  const std::vector<int64_t>& offsets = binding.attributes->integers("offsets");
  for (size_t i = 0; i < offsets.size(); ++i) {
    const Part part{binding.input<uint32_t>(i), binding.output<uint32_t>(0) + offsets[i],
                    binding.in(i).elements()};
    if (part.from != part.to) parts.push_back(part);
  }
  Threads* threads = binding.threads;
  return [=] {
    for (const Part& part : parts) {
      cpu_copy_blocks(*threads, 1, part.count, part.from, part.count, part.to, part.count);
    }
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  std::vector<Dispatch> all;
  const std::vector<int64_t>& offsets = binding.attributes->integers("offsets");
  for (size_t i = 0; i < offsets.size(); ++i) {
    const BufferRange& from = binding.input(i);
    BufferRange to = binding.output(0);
    to.offset += static_cast<size_t>(offsets[i]) * sizeof(float);
    to.bytes = from.bytes;
    if (from.memory == to.memory && from.offset == to.offset) continue;
    const int64_t count = binding.in(i).elements();
    for (const RowRun& run : row_runs("pack", *binding.device, count, {sizeof(float)}, 4)) {
      all.push_back(copy_dispatch(*binding.device, run.of(from, sizeof(float)), {0, run.count},
                                  run.of(to, sizeof(float)), {0, run.count}, run.count, 1));
    }
  }
  return all;
}

std::vector<OpCase> cases() {
  const CaseInput a{.type = {DType::f32, {8, 8}}, .differentiable = false};
  const CaseInput b{.type = {DType::f32, {3, 64}}, .differentiable = false};
  const CaseInput c{.type = {DType::f32, {5}}, .differentiable = false};
  const auto packed = [](const std::vector<Tensor>& in) -> std::vector<Tensor> {
    return {pack(in, {0, 64, 256}, 261)};
  };
  OpCase overlap{.name = "overlapping parts", .inputs = {a, b}};
  overlap.build = [](const auto& in) -> std::vector<Tensor> { return {pack(in, {0, 0}, 256)}; };
  overlap.refused = true;
  OpCase odd{.name = "an offset off the blocks", .inputs = {c, b}};
  odd.build = [](const auto& in) -> std::vector<Tensor> { return {pack(in, {0, 5}, 256)}; };
  odd.refused = true;
  return {{.name = "copied", .inputs = {a, b, c}, .build = packed},
          {.name = "made in place",
           .inputs = {a, b, c},
           .build =
               [packed](const auto& in) {
                 return packed({scale(in[0], 2), scale(in[1], 3), scale(in[2], 4)});
               }},
          {.name = "one part twice",
           .inputs = {a},
           .build = [](const auto& in) -> std::vector<Tensor> {
             const Tensor x = scale(in[0], 2);
             return {pack({x, x}, {0, 64}, 128)};
           }},
          overlap,
          odd};
}

const Op& pack_op = register_op({.name = "pack",
                                 .infer = infer,
                                 .reference = reference,
                                 .cpu = cpu,
                                 .vulkan = vulkan,
                                 .cases = cases,
                                 .packs = true});

}  // namespace

Tensor pack(const std::vector<Tensor>& parts, const std::vector<int64_t>& offsets, int64_t total) {
  return apply(pack_op, parts, {{"offsets", offsets}, {"total", total}})[0];
}

}  // namespace tandem
