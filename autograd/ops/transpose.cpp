// Axes in another order.
//   y[i_p0, i_p1, ...] = x[i_0, i_1, ...]     dx = transpose(dy, the inverse permutation)
#include "autograd/ops/dispatch.h"
#include "autograd/ops/movement.h"
#include "core/cpu/movement.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const Shape& x = context.in(0);
  const std::vector<int64_t>& permutation = context.attributes->integers("permutation");
  if (context.inputs[0]->dtype != DType::f32 && context.inputs[0]->dtype != DType::i32) {
    fail<ShapeError>("transpose: x is {} but only f32 and i32 are supported; cast it.",
                     context.inputs[0]->str());
  }
  std::vector<bool> seen(static_cast<size_t>(x.rank()), false);
  std::vector<int64_t> axes;
  for (const int64_t axis : permutation) {
    if (axis < 0 || axis >= x.rank() || seen[static_cast<size_t>(axis)]) break;
    seen[static_cast<size_t>(axis)] = true;
    axes.push_back(x[static_cast<int>(axis)]);
  }
  if (axes.size() != permutation.size() || axes.size() != seen.size()) {
    fail<ShapeError>("transpose: [{}] is not an order of the {} axes of x {}.",
                     fmt::join(permutation, ", "), x.rank(), x);
  }
  return {{context.inputs[0]->dtype, Shape(axes)}};
}

std::vector<Tensor> gradient(const GradientContext& context) {
  const std::vector<int64_t>& permutation = context.attributes->integers("permutation");
  std::vector<int> inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) {
    inverse[static_cast<size_t>(permutation[i])] = static_cast<int>(i);
  }
  return {transpose(context.output_gradients[0], inverse)};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<int64_t>& permutation = binding.attributes->integers("permutation");
  const Shape& x = binding.in(0);
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    auto left = static_cast<int64_t>(i);
    int64_t from = 0;
    for (size_t k = permutation.size(); k-- > 0;) {
      const int axis = static_cast<int>(permutation[k]);
      from += left % x[axis] * x.elements(axis + 1, x.rank());
      left /= x[axis];
    }
    binding.output(0)[i] = binding.input(0)[static_cast<size_t>(from)];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const PermuteLoops loops =
      permute_loops(binding.in(0), binding.attributes->integers("permutation"));
  const auto* x = binding.input<uint32_t>(0);
  auto* y = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_permute(*threads, loops, x, y); };
}

// Whether the loops are a transpose of matrices, [outer,] rows, columns, large enough for tiles.
bool is_transpose(const PermuteLoops& loops) {
  const auto last = static_cast<size_t>(loops.rank - 1);
  if (loops.rank < 2 || loops.rank > 3 || loops.stride[last - 1] != 1) return false;
  const int64_t rows = loops.size[last - 1];
  const int64_t columns = loops.size[last];
  const bool dense = loops.rank == 2 || loops.stride[0] == rows * columns;
  return dense && loops.stride[last] == rows && rows >= 16 && columns >= 16;
}

// Turns the loops into loops over vectors of four elements where that is possible.
bool widen(PermuteLoops& loops) {
  const auto last = static_cast<size_t>(loops.rank - 1);
  if (loops.stride[last] != 1 || loops.size[last] % 4 != 0) return false;
  for (size_t i = 0; i < last; ++i) {
    if (loops.stride[i] % 4 != 0) return false;
  }
  loops.size[last] /= 4;
  for (size_t i = 0; i < last; ++i) loops.stride[i] /= 4;
  return true;
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  PermuteLoops loops = permute_loops(binding.in(0), binding.attributes->integers("permutation"));
  Dispatch dispatch;
  dispatch.buffers = {binding.input(0), binding.output(0)};
  dispatch.writes = 0b10;
  if (!binding.device->software() && is_transpose(loops)) {
    const auto rows = static_cast<uint32_t>(loops.size[static_cast<size_t>(loops.rank - 2)]);
    const auto columns = static_cast<uint32_t>(loops.size[static_cast<size_t>(loops.rank - 1)]);
    dispatch.shader = "transpose_tiles";
    dispatch.push = {rows, columns};
    dispatch.workgroups = {(columns + 15) / 16, (rows + 15) / 16,
                           loops.rank == 3 ? static_cast<uint32_t>(loops.size[0]) : 1};
    const auto& most = binding.device->max_workgroups;
    if (dispatch.workgroups[0] <= most[0] && dispatch.workgroups[1] <= most[1] &&
        dispatch.workgroups[2] <= most[2]) {
      return {dispatch};
    }
    dispatch.push.clear();
  }
  dispatch.shader = "transpose";
  const bool wide = widen(loops);
  dispatch.specialization = {static_cast<uint32_t>(loops.rank), wide ? 1u : 0u};
  for (const auto& words : {loops.size, loops.stride}) {
    dispatch.push.insert(dispatch.push.end(), words.begin(), words.end());
  }
  for (const size_t word : {0, 1}) {
    for (const int64_t size : loops.size) {
      dispatch.push.push_back(divisor_words(std::max<int64_t>(1, size))[word]);
    }
  }
  return {strided_dispatch(*binding.device, std::move(dispatch),
                           binding.out(0).elements() / (wide ? 4 : 1), 512)};
}

std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& shape, std::vector<int> permutation) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}}},
                  .build = [=](const auto& in) -> std::vector<Tensor> {
                    return {transpose(in[0], permutation)};
                  }};
  };
  OpCase refused = item("an axis twice", {3, 4}, {0, 0});
  refused.refused = true;
  OpCase few = item("too few axes", {3, 4}, {0});
  few.refused = true;
  return {item("a matrix", {37, 19}, {1, 0}),
          item("a larger matrix", {130, 67}, {1, 0}),
          item("matrices", {3, 19, 35}, {0, 2, 1}),
          item("heads before tokens", {2, 5, 3, 8}, {0, 2, 1, 3}),
          item("channels last", {2, 3, 5, 7}, {0, 2, 3, 1}),
          item("channels first", {2, 5, 7, 3}, {0, 3, 1, 2}),
          item("turned round", {2, 3, 1, 4, 5, 3}, {5, 4, 3, 2, 1, 0}),
          item("as it was", {3, 4}, {0, 1}),
          item("one element", {1}, {0}),
          refused,
          few};
}

const Op& transpose_op = register_op({.name = "transpose",
                                      .infer = infer,
                                      .gradient = gradient,
                                      .reference = reference,
                                      .cpu = cpu,
                                      .vulkan = vulkan,
                                      .cases = cases});

}  // namespace

Tensor transpose(Tensor x, const std::vector<int>& permutation) {
  return apply(transpose_op, {x},
               {{"permutation", std::vector<int64_t>(permutation.begin(), permutation.end())}})[0];
}

}  // namespace tandem
