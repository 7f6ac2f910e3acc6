// Elementwise arithmetic with broadcasting. sum_to() is the sum over the broadcast axes.
//   y = a + b    da = sum_to(dy)        db = sum_to(dy)
//   y = a - b    da = sum_to(dy)        db = -sum_to(dy)
//   y = a b      da = sum_to(dy b)      db = sum_to(dy a)
//   y = a / b    da = sum_to(dy / b)    db = -sum_to(dy y / b)
#include "autograd/ops/binary.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/row_runs.h"
#include "autograd/remake.h"
#include "core/cpu/elementwise.h"
#include "core/cpu/threads.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr std::string_view name_of(BinaryKind kind) {
  constexpr std::string_view names[] = {"add", "sub", "mul", "div"};
  return names[static_cast<size_t>(kind)];
}

template <BinaryKind kind>
std::vector<TensorType> infer(const OpContext& context) {
  for (size_t i = 0; i < 2; ++i) {
    if (context.inputs[i]->dtype != DType::f32) {
      fail<ShapeError>("{}: {} is {} but only f32 is supported; cast it.", name_of(kind),
                       i == 0 ? "a" : "b", context.inputs[i]->str());
    }
  }
  return {{DType::f32, broadcast(context.in(0), context.in(1), name_of(kind))}};
}

template <BinaryKind kind>
std::vector<Tensor> gradient(const GradientContext& context) {
  const Tensor a = context.inputs[0];
  const Tensor b = context.inputs[1];
  const Tensor dy = context.output_gradients[0];
  std::vector<Tensor> result(2);
  if constexpr (kind == BinaryKind::add || kind == BinaryKind::sub) {
    if (context.needed[0]) result[0] = sum_to(dy, a.shape());
    if (context.needed[1]) {
      result[1] = sum_to(dy, b.shape(), kind == BinaryKind::add ? 1.0 : -1.0);
    }
  } else if constexpr (kind == BinaryKind::mul) {
    if (context.needed[0]) result[0] = sum_to(mul(dy, b), a.shape());
    if (context.needed[1]) result[1] = sum_to(mul(dy, a), b.shape());
  } else {
    const Tensor quotient = div(dy, b);
    if (context.needed[0]) result[0] = sum_to(quotient, a.shape());
    if (context.needed[1]) {
      result[1] = sum_to(mul(quotient, context.outputs[0]), b.shape(), -1.0);
    }
  }
  return result;
}

template <BinaryKind kind>
double result_of(double a, double b) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::sub:
      return a - b;
    case BinaryKind::mul:
      return a * b;
    case BinaryKind::div:
      return a / b;
  }
}

// Where the element of an operand is that goes into element `index` of the result.
size_t operand_index(const Shape& operand, const Shape& result, size_t index) {
  size_t at = 0;
  size_t stride = 1;
  auto left = static_cast<int64_t>(index);
  for (int axis = 1; axis <= operand.rank(); ++axis) {
    const int64_t turn = left % result[-axis];
    left /= result[-axis];
    at += stride * static_cast<size_t>(operand[-axis] == 1 ? 0 : turn);
    stride *= static_cast<size_t>(operand[-axis]);
  }
  return at;
}

template <BinaryKind kind>
void reference(const ReferenceBinding& binding) {
  std::vector<double>& y = binding.output(0);
  for (size_t i = 0; i < y.size(); ++i) {
    y[i] = result_of<kind>(binding.input(0)[operand_index(binding.in(0), binding.out(0), i)],
                           binding.input(1)[operand_index(binding.in(1), binding.out(0), i)]);
  }
}

template <BinaryKind kind>
std::function<void()> cpu(const CpuBinding& binding) {
  const float* a = binding.input(0);
  const float* b = binding.input(1);
  float* y = binding.output(0);
  const int64_t count = binding.out(0).elements();
  const BroadcastLoops loops = broadcast_loops(binding.in(0), binding.in(1), binding.out(0));
  Threads* threads = binding.threads;
  return [=] {
    threads->ranges(count, 16384, [&](int64_t begin, int64_t end) {
      cpu_binary(kind, loops, a, b, y, begin, end);
    });
  };
}

// But for its buffers, the number of elements and the workgroups.
Dispatch loops_dispatch(BinaryKind kind, const BroadcastLoops& loops, bool wide) {
  Dispatch dispatch;
  dispatch.shader = name_of(kind);
  dispatch.writes = 0b100;
  dispatch.specialization = {static_cast<uint32_t>(loops.rank), wide ? 1u : 0u,
                             static_cast<uint32_t>(loops.inner_a()),
                             static_cast<uint32_t>(loops.inner_b())};
  for (const auto& words : {loops.size, loops.a, loops.b}) {
    dispatch.push.insert(dispatch.push.end(), words.begin(), words.end());
  }
  for (const size_t word : {0, 1}) {
    for (const int64_t size : loops.size) {
      dispatch.push.push_back(divisor_words(std::max<int64_t>(1, size))[word]);
    }
  }
  return dispatch;
}

// Cut along the outermost loop; an operand that does not move with it is bound whole.
template <BinaryKind kind>
std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  BroadcastLoops loops = broadcast_loops(binding.in(0), binding.in(1), binding.out(0));
  const int64_t count = binding.out(0).elements();
  if (loops.rank == 1 && loops.a[0] == 1 && loops.b[0] == 1) {
    Dispatch whole = loops_dispatch(kind, loops, true);
    whole.buffers = {binding.input(0), binding.input(1), binding.output(0)};
    return elementwise_dispatches(*binding.device, whole, count, 512);
  }
  const int64_t rows = loops.size[0];
  const auto bytes = [](int64_t elements) { return static_cast<size_t>(elements) * sizeof(float); };
  const size_t a = bytes(loops.a[0]), b = bytes(loops.b[0]), y = bytes(count / rows);
  std::vector<Dispatch> all;
  for (const RowRun& run :
       row_runs(name_of(kind), *binding.device, rows, {a == 0 ? y : a, b == 0 ? y : b, y}, 4)) {
    loops.size[0] = run.count;
    const bool wide = loops.inner() % 4 == 0;
    Dispatch dispatch = loops_dispatch(kind, loops, wide);
    dispatch.buffers = {a == 0 ? binding.input(0) : run.of(binding.input(0), a),
                        b == 0 ? binding.input(1) : run.of(binding.input(1), b),
                        run.of(binding.output(0), y)};
    all.push_back(strided_dispatch(*binding.device, std::move(dispatch), run.count * count / rows,
                                   wide ? 512 : 128));
  }
  return all;
}

template <Tensor (*build)(Tensor, Tensor)>
std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& a, const Shape& b) {
    return OpCase{
        .name = std::move(name),
        .inputs = {{.type = {DType::f32, a}}, {.type = {DType::f32, b}, .low = 0.5, .high = 2}},
        .build = [](const auto& in) -> std::vector<Tensor> { return {build(in[0], in[1])}; }};
  };
  OpCase refused = item("shapes that do not broadcast", {3, 7}, {3, 6});
  refused.refused = true;
  OpCase large = item("large values", {5, 9}, {5, 9});
  for (CaseInput& input : large.inputs) input.low = 1e8, input.high = 1e9;
  return {item("one shape", {3, 7}, {3, 7}),
          item("one element", {1}, {1}),
          item("beyond one workgroup", {7, 1031}, {7, 1031}),
          item("a bias", {5, 33}, {33}),
          item("a position table", {3, 5, 9}, {5, 9}),
          item("a scalar", {5, 33}, {}),
          item("onto a scalar", {1, 1}, {37, 3}),
          item("a column", {6, 19}, {6, 1}),
          item("a column of wide rows", {6, 20}, {6, 1}),
          item("a wide bias", {5, 132}, {132}),
          item("a wide position table", {3, 5, 8}, {5, 8}),
          item("wide rows in alternating axes", {3, 1, 5, 8}, {4, 1, 8}),
          item("a row onto a column", {1, 19}, {6, 1}),
          item("alternating axes", {2, 1, 3, 1, 5, 1}, {1, 4, 1, 2, 1, 3}),
          large,
          refused};
}

template <BinaryKind kind, Tensor (*build)(Tensor, Tensor)>
const Op& registered() {
  return register_op({.name = name_of(kind),
                      .infer = infer<kind>,
                      .gradient = gradient<kind>,
                      .reference = reference<kind>,
                      .cpu = cpu<kind>,
                      .vulkan = vulkan<kind>,
                      .cases = cases<build>,
                      .in_place = {0, 1}});
}

const Op& add_op = registered<BinaryKind::add, add>();
const Op& sub_op = registered<BinaryKind::sub, sub>();
const Op& mul_op = registered<BinaryKind::mul, mul>();
const Op& div_op = registered<BinaryKind::div, div>();

// With a row, or little more, for the other operand: factors of channels, a bias.
bool remake(Node&, const OpContext& context) {
  const int64_t a = context.in(0).elements();
  const int64_t b = context.in(1).elements();
  return 8 * std::min(a, b) <= std::max(a, b);
}

const RegisteredRemake add_remake("add", remake);
const RegisteredRemake mul_remake("mul", remake);

}  // namespace

Tensor add(Tensor a, Tensor b) { return apply(add_op, {a, b})[0]; }
Tensor sub(Tensor a, Tensor b) { return apply(sub_op, {a, b})[0]; }
Tensor mul(Tensor a, Tensor b) { return apply(mul_op, {a, b})[0]; }
Tensor div(Tensor a, Tensor b) { return apply(div_op, {a, b})[0]; }

}  // namespace tandem
