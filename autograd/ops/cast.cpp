// Another element type, rounded to nearest even.   y = x    dx = dy
#include "autograd/ops/cast.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/cast.h"
#include "core/cpu/threads.h"

namespace tandem {

namespace {

DType type_of(const OpContext& context) {
  return static_cast<DType>(context.attributes->integer("dtype"));
}

std::vector<TensorType> infer(const OpContext& context) {
  const TensorType& x = *context.inputs[0];
  if (!can_cast(x.dtype, type_of(context))) {
    fail<ShapeError>("cast: x is {}, which has no conversion to {}; go by way of f32.", x.str(),
                     name_of(type_of(context)));
  }
  return {{type_of(context), x.shape}};
}

std::vector<Tensor> gradient(const GradientContext& context) {
  return {cast(context.output_gradients[0], context.inputs[0].dtype())};
}

// Without rounding: a double stands for the number that a type is near to.
void reference(const ReferenceBinding& binding) { binding.output(0) = binding.input(0); }

std::function<void()> cpu(const CpuBinding& binding) {
  const DType from_type = binding.inputs[0]->dtype;
  const DType to_type = binding.outputs[0]->dtype;
  const std::byte* from = binding.input_data[0];
  std::byte* to = binding.output_data[0];
  const int64_t count = binding.out(0).elements();
  Threads* threads = binding.threads;
  return [=] {
    threads->ranges(count, 16384, [=](int64_t begin, int64_t end) {
      cpu_cast(from_type, from, to_type, to, begin, end);
    });
  };
}

// Halves go two to a word, whole words at the end.
std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const DType from = binding.inputs[0]->dtype;
  const DType to = binding.outputs[0]->dtype;
  Dispatch dispatch;
  dispatch.writes = 0b10;
  if (from == DType::i32) {
    dispatch.shader = "cast_from_i32";
  } else {
    dispatch.shader = from == DType::f32 ? "cast_to_half" : "cast_from_half";
    const DType half = from == DType::f32 ? to : from;
    dispatch.specialization = {half == DType::bf16 ? 0u : 1u};
  }
  const int64_t count = binding.out(0).elements();
  std::vector<Dispatch> all;
  for (const RowRun& run :
       row_runs("cast", *binding.device, count, {size_of(from), size_of(to)}, 2)) {
    const auto part = [&](const BufferRange& whole, DType type) {
      BufferRange range = run.of(whole, size_of(type));
      const bool last = run.begin + run.count == count;  // to the end of its last word
      if (last) range.bytes = whole.offset + whole.bytes - range.offset;
      return range;
    };
    dispatch.buffers = {part(binding.input(0), from), part(binding.output(0), to)};
    all.push_back(strided_dispatch(*binding.device, dispatch, run.count, 256));
  }
  return all;
}

std::vector<OpCase> cases() {
  const auto there_and_back = [](DType dtype, const Shape& shape, double tolerance) {
    return OpCase{.name = fmt::format("to {} and back, {}", name_of(dtype), shape),
                  .inputs = {{.type = {DType::f32, shape}, .low = -300, .high = 300}},
                  .build = [dtype](const auto& in) -> std::vector<Tensor> {
                    return {cast(cast(in[0], dtype), DType::f32)};
                  },
                  .tolerance = tolerance};
  };
  OpCase whole{.name = "whole numbers",
               .inputs = {{.type = {DType::i32, {7, 5}}, .low = -1000, .high = 1000}}};
  whole.build = [](const auto& in) -> std::vector<Tensor> { return {cast(in[0], DType::f32)}; };
  OpCase refused = whole;
  refused.name = "whole numbers to bf16";
  refused.build = [](const auto& in) -> std::vector<Tensor> { return {cast(in[0], DType::bf16)}; };
  refused.refused = true;
  return {there_and_back(DType::bf16, {3, 7}, 4e-3),
          there_and_back(DType::bf16, {1}, 4e-3),
          there_and_back(DType::bf16, {5, 1003}, 4e-3),
          there_and_back(DType::f16, {3, 7}, 5e-4),
          there_and_back(DType::f16, {1}, 5e-4),
          there_and_back(DType::f16, {5, 1003}, 5e-4),
          whole,
          refused};
}

const Op& cast_op = register_op({.name = "cast",
                                 .infer = infer,
                                 .gradient = gradient,
                                 .reference = reference,
                                 .cpu = cpu,
                                 .vulkan = vulkan,
                                 .cases = cases});

}  // namespace

Tensor cast(Tensor x, DType dtype) {
  if (x.dtype() == dtype) return x;
  return apply(cast_op, {x}, {{"dtype", static_cast<int64_t>(dtype)}})[0];
}

Node cast_node(int x, int y, DType dtype) {
  return {.op = &cast_op,
          .attributes = {{"dtype", static_cast<int64_t>(dtype)}},
          .inputs = {x},
          .outputs = {y},
          .scope = {}};
}

}  // namespace tandem
