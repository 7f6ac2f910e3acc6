// Rows of a table.
//   y[k] = table[ids[k]]      d_table[v] = sum over k with ids[k] = v of dy[k]
// The sum runs over positions sorted by (id, position), so that no two tasks write one row and
// the order of additions never changes.
#include "autograd/ops/embedding.h"

#include "autograd/cost.h"
#include "autograd/ops/dispatch.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/embedding.h"
#include "core/cpu/movement.h"

#include <algorithm>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const TensorType& table = *context.inputs[0];
  const TensorType& ids = *context.inputs[1];
  if (table.dtype != DType::f32 || table.shape.rank() != 2) {
    fail<ShapeError>("embedding: table is {}; expected f32 [V, C].", table.str());
  }
  if (ids.dtype != DType::i32 || ids.shape.rank() == Shape::max_rank) {
    fail<ShapeError>("embedding: ids is {}; expected i32 of at most five axes.", ids.str());
  }
  if (context.has(2) && *context.inputs[2] != TensorType{DType::i32, {ids.shape.elements()}}) {
    fail<ShapeError>("embedding: order is {} but ids is {}; expected i32 [{}].",
                     context.inputs[2]->str(), ids.str(), ids.shape.elements());
  }
  std::vector<int64_t> axes(ids.shape.axes().begin(), ids.shape.axes().end());
  axes.push_back(table.shape[1]);
  return {{DType::f32, Shape(axes)}};
}

size_t clamped(double index, int64_t count) {
  return static_cast<size_t>(std::clamp(index, 0.0, static_cast<double>(count - 1)));
}

void reference(const ReferenceBinding& binding) {
  const auto columns = static_cast<size_t>(binding.in(0)[1]);
  for (size_t i = 0; i < binding.output(0).size(); ++i) {
    const size_t row = clamped(binding.input(1)[i / columns], binding.in(0)[0]);
    binding.output(0)[i] = binding.input(0)[row * columns + i % columns];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const Shape table = binding.in(0);
  const int64_t count = binding.in(1).elements();
  const auto* from = binding.input<uint32_t>(0);
  const auto* ids = binding.input<int32_t>(1);
  auto* to = binding.output<uint32_t>(0);
  Threads* threads = binding.threads;
  return [=] { cpu_gather_rows(*threads, count, table[0], 0, table[1], from, ids, to); };
}

uint32_t word(int64_t value) { return static_cast<uint32_t>(value); }

// Calls visit(rows of the table, positions) for runs of both that a binding may span.
template <class Visit>
void each_cut(const DeviceInfo& device, int64_t vocabulary, int64_t positions, int64_t columns,
              Visit&& visit) {
  const size_t row = static_cast<size_t>(columns) * sizeof(float);
  const auto parts = row_runs("embedding", device, positions, {row, sizeof(int32_t)});
  for (const RowRun& rows : row_runs("embedding", device, vocabulary, {row})) {
    for (const RowRun& part : parts) visit(rows, part);
  }
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t V = binding.in(0)[0], C = binding.in(0)[1];
  const int64_t each = C % 4 == 0 ? 4 : 1;
  const auto [multiplier, shift] = divisor_words(C / each);
  const size_t row = static_cast<size_t>(C) * sizeof(float);
  std::vector<Dispatch> all;
  each_cut(*binding.device, V, binding.in(1).elements(), C,
           [&, multiplier = multiplier, shift = shift](const RowRun& rows, const RowRun& part) {
             Dispatch dispatch;
             dispatch.shader = "gather_rows";
             dispatch.buffers = {rows.of(binding.input(0), row),
                                 part.of(binding.input(1), sizeof(int32_t)),
                                 part.of(binding.output(0), row)};
             dispatch.writes = 0b100;
             dispatch.specialization = {each == 4 ? 1u : 0u};
             dispatch.push = {word(V),
                              0,
                              word(C / each),
                              multiplier,
                              shift,
                              word(rows.begin),
                              word(rows.begin + rows.count)};
             all.push_back(strided_dispatch(*binding.device, std::move(dispatch),
                                            part.count * C / each, 512));
           });
  return all;
}

// Inputs dy, ids, order; attribute "rows" is V.
std::vector<TensorType> infer_gradient(const OpContext& context) {
  return {{DType::f32, {context.attributes->integer("rows"), context.in(0)[-1]}}};
}

void reference_gradient(const ReferenceBinding& binding) {
  const auto columns = static_cast<size_t>(binding.out(0)[1]);
  for (size_t i = 0; i < binding.input(0).size(); ++i) {
    const size_t row = clamped(binding.input(1)[i / columns], binding.out(0)[0]);
    binding.output(0)[row * columns + i % columns] += binding.input(0)[i];
  }
}

std::function<void()> cpu_gradient(const CpuBinding& binding) {
  const Shape table = binding.out(0);
  const int64_t count = binding.in(1).elements();
  const auto* dy = binding.input(0);
  const auto* ids = binding.input<int32_t>(1);
  const auto* order = binding.input<int32_t>(2);
  float* to = binding.output(0);
  auto* scratch = reinterpret_cast<float*>(binding.scratch);
  Threads* threads = binding.threads;
  return [=] {
    cpu_embedding_gradient(*threads, table[0], count, table[1], ids, order, dy, to, scratch);
  };
}

// Of rows of the table and positions: the sums within chunks, then the runs over several.
void add_sums(const VulkanBinding& binding, const RowRun& rows, const RowRun& part,
              std::vector<Dispatch>& all) {
  const int64_t positions = binding.in(1).elements();
  const int64_t V = binding.out(0)[0], C = binding.out(0)[1];
  const size_t row = static_cast<size_t>(C) * sizeof(float);
  const BufferRange d_table = rows.of(binding.output(0), row);
  Dispatch sum;
  sum.shader = "embedding_gradient_sum";
  sum.buffers = {binding.input(1), binding.input(2), part.of(binding.input(0), row), d_table,
                 binding.scratch};
  sum.writes = 0b11000;
  sum.specialization = {rows.count == V && part.count == positions ? 0u : 1u};
  sum.push = {word(V),
              word(positions),
              word(C),
              word(rows.begin),
              word(rows.begin + rows.count),
              word(part.begin),
              word(part.begin + part.count)};
  sum.workgroups = {word((C + 63) / 64), word((positions + embedding_chunk - 1) / embedding_chunk),
                    1};
  Dispatch join = sum;
  join.shader = "embedding_gradient_join";
  join.specialization.clear();
  join.buffers = {binding.input(1), binding.input(2), binding.scratch, d_table};
  join.writes = 0b1000;
  all.push_back(std::move(sum));
  if (part.begin + part.count == positions) all.push_back(std::move(join));
}

// Zeros, then the sums.
std::vector<Dispatch> vulkan_gradient(const VulkanBinding& binding) {
  const Shape& table = binding.out(0);
  Dispatch fill;
  fill.shader = "fill";
  fill.buffers = {binding.output(0)};
  fill.writes = 0b1;
  fill.push = {0};
  std::vector<Dispatch> all = elementwise_dispatches(*binding.device, fill, table.elements(), 512);
  each_cut(*binding.device, table[0], binding.in(1).elements(), table[1],
           [&](const RowRun& rows, const RowRun& part) { add_sums(binding, rows, part, all); });
  return all;
}

size_t scratch_of_gradient(const OpContext& context, const DeviceInfo&) {
  const int64_t floats = embedding_gradient_scratch(context.in(1).elements(), context.in(0)[-1]);
  return static_cast<size_t>(floats) * sizeof(float);
}

const Op& embedding_gradient_op = register_op({.name = "embedding_gradient",
                                               .infer = infer_gradient,
                                               .reference = reference_gradient,
                                               .cpu = cpu_gradient,
                                               .vulkan = vulkan_gradient,
                                               .scratch = scratch_of_gradient});

std::vector<Tensor> gradient(const GradientContext& context) {
  if (!context.inputs[2]) {
    throw ShapeError(
        "embedding: no order of the ids is given; pass embedding_order() of them to take the "
        "gradient.");
  }
  const Tensor d_table = apply(embedding_gradient_op,
                               {context.output_gradients[0], context.inputs[1], context.inputs[2]},
                               {{"rows", context.inputs[0].shape()[0]}})[0];
  return {d_table, Tensor(), Tensor()};
}

// Ids that repeat in runs of about `run`, scattered over the positions.
std::vector<int32_t> sample_ids(int64_t count, int64_t vocabulary, int64_t run) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<int32_t>(i * 7919 % count / run * 31 % vocabulary));
  }
  return ids;
}

OpCase item(std::string name, const Shape& table, const Shape& shape, std::vector<int32_t> ids,
            std::vector<int32_t> order) {
  return {.name = std::move(name),
          .inputs = {{.type = {DType::f32, table}}},
          .build = [=](const auto& in) -> std::vector<Tensor> {
            Graph& graph = in[0].graph();
            return {embedding(in[0], graph.constant(shape, ids),
                              graph.constant({static_cast<int64_t>(order.size())}, order))};
          }};
}

OpCase item(std::string name, const Shape& table, const Shape& shape, int64_t run) {
  const std::vector<int32_t> ids = sample_ids(shape.elements(), table[0], run);
  return item(std::move(name), table, shape, ids, embedding_order(ids, table[0]));
}

std::vector<OpCase> cases() {
  OpCase refused = item("an order of another length", {5, 3}, {4}, {0, 1, 2, 3}, {0, 1});
  refused.refused = true;
  return {item("a sentence", {11, 33}, {3, 8}, 2),
          item("wide rows", {11, 36}, {3, 8}, 2),
          item("one element", {1, 1}, {1}, 1),
          item("runs beyond a chunk", {40, 5}, {3, 150}, 130),
          item("one id for all", {4, 70}, {5, 60}, 300),
          item("each id once", {200, 130}, {150}, 1),
          item("ids out of range", {4, 3}, {5}, {-2, 0, 3, 4, 9}, {0, 1, 2, 3, 4}),
          item("rows taken", {9, 7}, {20}, 3),
          refused};
}

const Op& embedding_op = register_op({.name = "embedding",
                                      .infer = infer,
                                      .gradient = gradient,
                                      .reference = reference,
                                      .cpu = cpu,
                                      .vulkan = vulkan,
                                      .cases = cases});

// Of the source it reads as much as it writes.
const RegisteredCost embedding_cost("embedding", [](const OpContext& context) -> Cost {
  return {0, 2.0 * static_cast<double>(context.outputs[0]->bytes())};
});

}  // namespace

Tensor embedding(Tensor table, Tensor ids, Tensor order) {
  return apply(embedding_op, {table, ids, order})[0];
}

Tensor take_rows(Tensor x, Tensor index, Tensor order) {
  if (index.shape().rank() != 1) {
    fail<ShapeError>("take_rows: index is {}; expected i32 [K].", index.type().str());
  }
  return embedding(x, index, order);
}

std::vector<int32_t> embedding_order(std::span<const int32_t> ids, int64_t vocabulary) {
  std::vector<int32_t> starts(static_cast<size_t>(vocabulary) + 1, 0);
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocabulary) {
      fail<DataError>("embedding_order: id {} at position {} is not in [0, {}).", ids[i], i,
                      vocabulary);
    }
    ++starts[static_cast<size_t>(ids[i]) + 1];
  }
  for (size_t id = 1; id < starts.size(); ++id) starts[id] += starts[id - 1];
  std::vector<int32_t> order(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    order[static_cast<size_t>(starts[static_cast<size_t>(ids[i])]++)] = static_cast<int32_t>(i);
  }
  return order;
}

}  // namespace tandem
