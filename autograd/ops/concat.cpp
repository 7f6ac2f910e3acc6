// Concatenation and slices along one axis, each in the other's gradient.
//   y = concat(x_0, x_1, ...)     dx_k = slice of dy
//   y = slice(x, [begin, end))    dx = dy at [begin, end), 0 elsewhere
#include "autograd/cost.h"
#include "autograd/ops/copy_dispatch.h"
#include "autograd/ops/movement.h"
#include "core/cpu/movement.h"

namespace tandem {

namespace {

// x as [blocks, length] with the axis as the first of what `length` counts.
struct Blocks {
  int64_t blocks;
  int64_t length;
  int64_t inner;  // elements that one step along the axis spans
};

Blocks blocks_at(const Shape& x, int axis) {
  return {x.elements(0, axis), x.elements(axis, x.rank()), x.elements(axis + 1, x.rank())};
}

int axis_of(const OpContext& context) {
  return static_cast<int>(context.attributes->integer("axis"));
}

void require_words(std::string_view who, const TensorType& x) {
  if (x.dtype != DType::f32 && x.dtype != DType::i32) {
    fail<ShapeError>("{}: x is {} but only f32 and i32 are supported; cast it.", who, x.str());
  }
}

int normalized(std::string_view who, const Shape& x, int axis) {
  if (axis < -x.rank() || axis >= x.rank()) {
    fail<ShapeError>("{}: x is {}, which has no axis {}.", who, x, axis);
  }
  return x.normalized_axis(axis);
}

std::vector<TensorType> infer_concat(const OpContext& context) {
  const int axis = axis_of(context);
  const TensorType& first = *context.inputs[0];
  require_words("concat", first);
  int64_t length = 0;
  for (const TensorType* part : context.inputs) {
    if (part->dtype != first.dtype || part->shape.rank() != first.shape.rank() ||
        part->shape.with(axis, 1) != first.shape.with(axis, 1)) {
      fail<ShapeError>("concat: {} and {} differ in more than axis {}.", first.str(), part->str(),
                       axis);
    }
    length += part->shape[axis];
  }
  return {{first.dtype, first.shape.with(axis, length)}};
}

std::vector<Tensor> gradient_of_concat(const GradientContext& context) {
  const int axis = static_cast<int>(context.attributes->integer("axis"));
  std::vector<Tensor> result;
  int64_t begin = 0;
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    const int64_t end = begin + context.inputs[i].shape()[axis];
    result.push_back(context.needed[i] ? slice(context.output_gradients[0], axis, begin, end)
                                       : Tensor());
    begin = end;
  }
  return result;
}

void reference_concat(const ReferenceBinding& binding) {
  const Blocks whole = blocks_at(binding.out(0), axis_of(binding));
  int64_t first = 0;
  for (size_t part = 0; part < binding.inputs.size(); ++part) {
    const Blocks blocks = blocks_at(binding.in(part), axis_of(binding));
    for (int64_t i = 0; i < blocks.blocks * blocks.length; ++i) {
      const int64_t to = i / blocks.length * whole.length + first + i % blocks.length;
      binding.output(0)[static_cast<size_t>(to)] = binding.input(part)[static_cast<size_t>(i)];
    }
    first += blocks.length;
  }
}

std::function<void()> cpu_concat(const CpuBinding& binding) {
  struct Part {
    const uint32_t* from;
    int64_t length;
  };
  std::vector<Part> parts;
  const Blocks whole = blocks_at(binding.out(0), axis_of(binding));
  for (size_t i = 0; i < binding.inputs.size(); ++i) {
    parts.push_back(
        {binding.input<uint32_t>(i), blocks_at(binding.in(i), axis_of(binding)).length});
  }
  auto* y = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] {
    uint32_t* to = y;
    for (const Part& part : parts) {
      cpu_copy_blocks(*threads, whole.blocks, part.length, part.from, part.length, to,
                      whole.length);
      to += part.length;
    }
  };
}

std::vector<Dispatch> vulkan_concat(const VulkanBinding& binding) {
  std::vector<Dispatch> all;
  const Blocks whole = blocks_at(binding.out(0), axis_of(binding));
  int64_t first = 0;
  for (size_t i = 0; i < binding.inputs.size(); ++i) {
    const int64_t length = blocks_at(binding.in(i), axis_of(binding)).length;
    add_copies("concat", *binding.device, binding.input(i), {0, length}, binding.output(0),
               {first, whole.length}, length, whole.blocks, all);
    first += length;
  }
  return all;
}

std::vector<TensorType> infer_slice(const OpContext& context) {
  const int axis = axis_of(context);
  const int64_t begin = context.attributes->integer("begin");
  const int64_t end = context.attributes->integer("end");
  require_words("slice", *context.inputs[0]);
  if (begin < 0 || end > context.in(0)[axis] || begin >= end) {
    fail<ShapeError>("slice: [{}, {}) is not a range along axis {} of x {}.", begin, end, axis,
                     context.in(0));
  }
  return {{context.inputs[0]->dtype, context.in(0).with(axis, end - begin)}};
}

void reference_slice(const ReferenceBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const int64_t first = binding.attributes->integer("begin") * from.inner;
  for (int64_t i = 0; i < to.blocks * to.length; ++i) {
    binding.output(0)[static_cast<size_t>(i)] =
        binding.input(0)[static_cast<size_t>(i / to.length * from.length + first + i % to.length)];
  }
}

std::function<void()> cpu_slice(const CpuBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const uint32_t* x =
      binding.input<uint32_t>(0) + binding.attributes->integer("begin") * from.inner;
  auto* y = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_copy_blocks(*threads, to.blocks, to.length, x, from.length, y, to.length); };
}

std::vector<Dispatch> vulkan_slice(const VulkanBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const int64_t first = binding.attributes->integer("begin") * from.inner;
  std::vector<Dispatch> all;
  add_copies("slice", *binding.device, binding.input(0), {first, from.length}, binding.output(0),
             {0, to.length}, to.length, to.blocks, all);
  return all;
}

// dy -> dx, whose axis has the length in attribute "length".
std::vector<TensorType> infer_slice_gradient(const OpContext& context) {
  return {{context.inputs[0]->dtype,
           context.in(0).with(axis_of(context), context.attributes->integer("length"))}};
}

void reference_slice_gradient(const ReferenceBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const int64_t first = binding.attributes->integer("begin") * from.inner;
  for (int64_t i = 0; i < from.blocks * from.length; ++i) {
    const int64_t at = i / from.length * to.length + first + i % from.length;
    binding.output(0)[static_cast<size_t>(at)] = binding.input(0)[static_cast<size_t>(i)];
  }
}

std::function<void()> cpu_slice_gradient(const CpuBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const int64_t first = binding.attributes->integer("begin") * from.inner;
  const auto* dy = binding.input<uint32_t>(0);
  auto* dx = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_pad_blocks(*threads, from.blocks, from.length, dy, first, to.length, dx); };
}

std::vector<Dispatch> vulkan_slice_gradient(const VulkanBinding& binding) {
  const Blocks from = blocks_at(binding.in(0), axis_of(binding));
  const Blocks to = blocks_at(binding.out(0), axis_of(binding));
  const int64_t first = binding.attributes->integer("begin") * from.inner;
  std::vector<Dispatch> all;
  add_padded("slice", *binding.device, binding.input(0), from.length, binding.output(0),
             {first, to.length}, to.blocks, all);
  return all;
}

const Op& slice_gradient_op = register_op({.name = "slice_gradient",
                                           .infer = infer_slice_gradient,
                                           .reference = reference_slice_gradient,
                                           .cpu = cpu_slice_gradient,
                                           .vulkan = vulkan_slice_gradient});

std::vector<Tensor> gradient_of_slice(const GradientContext& context) {
  const int64_t axis = context.attributes->integer("axis");
  return apply(slice_gradient_op, {context.output_gradients[0]},
               {{"axis", axis},
                {"begin", context.attributes->integer("begin")},
                {"length", context.inputs[0].shape()[static_cast<int>(axis)]}});
}

std::vector<OpCase> concat_cases() {
  const auto item = [](std::string name, const std::vector<Shape>& shapes, int axis) {
    OpCase made{.name = std::move(name)};
    for (const Shape& shape : shapes) made.inputs.push_back({.type = {DType::f32, shape}});
    made.build = [axis](const auto& in) -> std::vector<Tensor> { return {concat(in, axis)}; };
    return made;
  };
  OpCase refused = item("another width", {{2, 3}, {2, 4}}, 0);
  refused.refused = true;
  OpCase no_axis = item("an axis that is not there", {{2, 3}, {2, 3}}, 2);
  no_axis.refused = true;
  return {item("a class token", {{5, 1, 9}, {5, 4, 9}}, 1),
          item("a wide class token", {{5, 1, 8}, {5, 4, 8}}, 1),
          item("rows", {{2, 3}, {1, 3}, {4, 3}}, 0),
          item("columns", {{37, 3}, {37, 8}}, -1),
          item("one element each", {{1}, {1}}, 0),
          item("one part", {{3, 2}}, 1),
          item("beyond one workgroup", {{3, 701}, {3, 300}}, 1),
          refused,
          no_axis};
}

std::vector<OpCase> slice_cases() {
  const auto item = [](std::string name, const Shape& shape, int axis, int64_t begin, int64_t end) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}}},
                  .build = [=](const auto& in) -> std::vector<Tensor> {
                    return {slice(in[0], axis, begin, end)};
                  }};
  };
  OpCase refused = item("beyond the end", {3, 4}, 1, 2, 5);
  refused.refused = true;
  OpCase empty = item("nothing", {3, 4}, 1, 2, 2);
  empty.refused = true;
  return {item("the first token", {5, 4, 9}, 1, 0, 1),
          item("all but a wide token", {5, 4, 8}, 1, 1, 4),
          item("rows", {7, 3}, 0, 2, 6),
          item("the last columns", {37, 11}, -1, 8, 11),
          item("one element", {4}, 0, 3, 4),
          item("all", {3, 4}, 0, 0, 3),
          item("beyond one workgroup", {3, 1400}, 1, 100, 1300),
          refused,
          empty};
}

const Op& concat_op = register_op({.name = "concat",
                                   .infer = infer_concat,
                                   .gradient = gradient_of_concat,
                                   .reference = reference_concat,
                                   .cpu = cpu_concat,
                                   .vulkan = vulkan_concat,
                                   .cases = concat_cases});

const Op& slice_op = register_op({.name = "slice",
                                  .infer = infer_slice,
                                  .gradient = gradient_of_slice,
                                  .reference = reference_slice,
                                  .cpu = cpu_slice,
                                  .vulkan = vulkan_slice,
                                  .cases = slice_cases});

// Of the source it reads as much as it writes.
const RegisteredCost slice_cost("slice", [](const OpContext& context) -> Cost {
  return {0, 2.0 * static_cast<double>(context.outputs[0]->bytes())};
});

}  // namespace

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  if (parts.empty()) throw ShapeError("concat: no tensor given; pass at least one.");
  const int64_t normal = normalized("concat", parts[0].shape(), axis);
  return apply(concat_op, parts, {{"axis", normal}})[0];
}

Tensor slice(Tensor x, int axis, int64_t begin, int64_t end) {
  const int normal = normalized("slice", x.shape(), axis);
  if (begin == 0 && end == x.shape()[normal]) return x;
  return apply(slice_op, {x}, {{"axis", int64_t{normal}}, {"begin", begin}, {"end", end}})[0];
}

}  // namespace tandem
