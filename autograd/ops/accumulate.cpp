#include "autograd/ops/accumulate.h"

#include "autograd/cost.h"
#include "autograd/ops/dispatch.h"
#include "core/cpu/threads.h"

#include <algorithm>

namespace tandem {

namespace {

// Inputs: sum, part, more.
std::vector<TensorType> infer(const OpContext& context) {
  const int64_t offset = context.attributes->integer("offset");
  for (const TensorType* input : context.inputs) {
    if (input->dtype == DType::f32) continue;
    fail<ShapeError>("accumulate: an input is {}; expected f32.", input->str());
  }
  if (offset < 0 || offset % Variable::alignment != 0 ||
      offset + context.in(1).elements() > context.in(0).elements()) {
    fail<ShapeError>(
        "accumulate: part {} lies at {} of sum {}; expected a multiple of {}, and room for it.",
        context.in(1), offset, context.in(0), Variable::alignment);
  }
  if (context.in(2) != Shape{1}) {
    fail<ShapeError>("accumulate: more is {}; expected f32 [1].", context.inputs[2]->str());
  }
  return {};
}

void reference(const ReferenceBinding& binding) {
  const auto offset = static_cast<size_t>(binding.attributes->integer("offset"));
  const bool more = binding.input(2)[0] != 0;
  for (size_t i = 0; i < binding.input(1).size(); ++i) {
    double& sum = binding.input(0)[offset + i];
    sum = (more ? sum : 0) + binding.input(1)[i];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  float* sum = binding.input(0) + binding.attributes->integer("offset");
  const float* part = binding.input(1);
  const float* more = binding.input(2);
  const int64_t count = binding.in(1).elements();
  Threads* threads = binding.threads;
  return [=] {
    threads->ranges(count, 1 << 16, [&](int64_t begin, int64_t end) {
      if (*more == 0) {
        std::copy(part + begin, part + end, sum + begin);
        return;
      }
      for (int64_t i = begin; i < end; ++i) sum[i] += part[i];
    });
  };
}

BufferRange elements(const BufferRange& range, int64_t first, int64_t count) {
  return {range.memory, range.offset + static_cast<size_t>(first) * sizeof(float),
          static_cast<size_t>(count) * sizeof(float)};
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t offset = binding.attributes->integer("offset");
  const int64_t count = binding.in(1).elements();
  const auto most = static_cast<int64_t>(
      std::min<uint64_t>(binding.device->max_storage_range, 1u << 31) / sizeof(float));
  const int64_t slice = most / Variable::alignment * Variable::alignment;
  std::vector<Dispatch> all;
  for (int64_t first = 0; first < count; first += slice) {
    const int64_t length = std::min(slice, count - first);
    Dispatch dispatch;
    dispatch.shader = "accumulate";
    dispatch.buffers = {elements(binding.input(0), offset + first, length),
                        elements(binding.input(1), first, length), binding.input(2)};
    dispatch.writes = 0b1;
    all.push_back(strided_dispatch(*binding.device, std::move(dispatch), length, 512));
  }
  return all;
}

const Op& accumulate_op = register_op({.name = "accumulate",
                                       .infer = infer,
                                       .reference = reference,
                                       .cpu = cpu,
                                       .vulkan = vulkan,
                                       .mutates = {0}});

// Of the sum it reads and writes what the part has.
const RegisteredCost accumulate_cost("accumulate", [](const OpContext& context) -> Cost {
  return {0, 3.0 * static_cast<double>(context.inputs[1]->bytes())};
});

}  // namespace

void accumulate(Tensor sum, Tensor part, int64_t offset, Tensor more) {
  apply(accumulate_op, {sum, part, more}, {{"offset", offset}});
}

}  // namespace tandem
