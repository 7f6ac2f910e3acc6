// Rows cut where a binding may not be as long as a tensor.
#include "autograd/ops/row_runs.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/patchify.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reduce_dispatch.h"
#include "autograd/program.h"
#include "core/philox.h"
#include "tests/devices.h"
#include "tests/disguised_device.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <span>

using namespace tandem;

namespace {

std::vector<float> random_floats(int64_t count, uint32_t which) {
  Random random(5, which, 0, RandomUse::test);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

// The output and the gradients of `build` of inputs of these shapes.
std::vector<std::vector<float>> results(
    Device& device, const std::vector<Shape>& shapes,
    const std::function<Tensor(const std::vector<Tensor>&)>& build) {
  Graph graph;
  std::vector<Tensor> inputs;
  std::map<std::string, std::vector<float>> values;
  for (const Shape& shape : shapes) {
    const std::string name = fmt::format("x{}", inputs.size());
    inputs.push_back(graph.input(name, {DType::f32, shape}));
    values[name] = random_floats(shape.elements(), static_cast<uint32_t>(inputs.size()));
  }
  const Tensor output = build(inputs);
  const Tensor seed = graph.input("seed", output.type());
  values["seed"] = random_floats(output.shape().elements(), 0);
  std::vector<Tensor> fetches = gradients({output}, {seed}, inputs);
  fetches.push_back(output);
  Variables variables(device);
  Program program(graph, variables, fetches);
  Feeds feeds;
  for (const auto& [name, floats] : values) feeds[name] = std::as_bytes(std::span(floats));
  const uint64_t ticket = program.run(feeds);
  std::vector<std::vector<float>> all;
  for (size_t i = 0; i < fetches.size(); ++i) all.push_back(program.fetch(ticket, i));
  return all;
}

}  // namespace

TEST_CASE("runs_of_rows_start_aligned_and_meet") {
  DeviceInfo device;
  device.max_storage_range = 10000;
  device.storage_alignment = 64;
  int64_t next = 0;
  for (const RowRun& run : row_runs("test", device, 1000, {100, 4}, 3)) {
    CHECK(run.begin == next);
    CHECK(run.begin * 100 % 64 == 0);
    CHECK(run.begin * 4 % 64 == 0);
    CHECK(run.begin % 3 == 0);
    CHECK(run.count * 100 <= 10000);
    next += run.count;
  }
  CHECK(next == 1000);
}

TEST_CASE("rows_that_fit_in_no_binding_are_refused_by_the_ops_name") {
  DeviceInfo device;
  device.max_storage_range = 10000;
  CHECK_THROWS_WITH_AS(row_runs("attention", device, 2, {12000}),
                       doctest::Contains("attention: 2 rows of 12000 bytes"), DeviceError);
}

TEST_CASE("tensors_beyond_the_binding_limit_are_worked_on_in_slices_with_the_same_bits") {
  for_each_vulkan_device([](Device& device) {
    DeviceInfo info = device.info();
    info.max_storage_range = 1 << 15;
    DisguisedDevice small(device, info);
    const auto same = [&](const std::vector<Shape>& shapes, const auto& build) {
      CAPTURE(shapes[0].str());
      CHECK(results(small, shapes, build) == results(device, shapes, build));
    };
    same({{900, 24}, {24}, {24}}, [](const auto& in) { return layer_norm(in[0], in[1], in[2]); });
    same({{70, 3, 48}}, [](const auto& in) { return attention(in[0], 2, true); });
    same({{130, 100}}, [](const auto& in) {
      const Tensor labels = in[0].graph().constant(Shape{130}, std::vector<int32_t>(130, 7));
      return cross_entropy(in[0], labels, 0.1);
    });
    same({{11, 3, 36, 24}}, [](const auto& in) { return patchify(in[0], 12); });
    same({{90, 5, 24}, {90, 6, 24}}, [](const auto& in) { return concat({in[0], in[1]}, 1); });
    same({{90, 5, 24}}, [](const auto& in) { return slice(in[0], 1, 1, 4); });
    same({{90, 5, 24}}, [](const auto& in) {
      const Tensor index = in[0].graph().constant(Shape{90}, std::vector<int32_t>(90, 3));
      return gather_rows(in[0], index);
    });
    same({{900, 2, 8}, {2, 8}}, [](const auto& in) { return add(in[0], in[1]); });
    same({{9000, 2}, {9000, 1}}, [](const auto& in) { return mul(in[0], in[1]); });
    same({{4000, 64}}, [](const auto& in) { return sum(in[0], {0}); });
    same({{9000, 3}}, [](const auto& in) { return max(in[0], {1}); });
    same({{64}}, [](const auto& in) { return broadcast_to(in[0], {400, 64}); });
    same({{400, 50}}, [](const auto& in) { return cast(cast(in[0], DType::bf16), DType::f32); });
    same({{400, 50}}, [](const auto& in) {
      const std::vector<int32_t> seed{1, 2, 3, 0, 1};
      return dropout(in[0], 0.3, in[0].graph().constant(Shape{5}, seed), 7);
    });
  });
}

TEST_CASE("sums_over_fewer_rows_than_usual_are_made_where_a_binding_spans_no_more") {
  for_each_vulkan_device([](Device& device) {
    DeviceInfo info = device.info();
    info.max_storage_range = 1 << 15;
    DisguisedDevice small(device, info);
    const auto build = [](const auto& in) { return sum(in[0], {0}); };
    const auto got = results(small, {{250, 640}}, build);
    const auto expected = results(device, {{250, 640}}, build);
    for (size_t i = 0; i < 640; ++i) {
      CAPTURE(i);
      CHECK(std::fabs(got[1][i] - expected[1][i]) <= 1e-4);
    }
  });
}

TEST_CASE("sums_whose_rows_fit_in_no_binding_are_refused_by_name") {
  DeviceInfo device;
  device.backend = "vulkan";
  device.max_storage_range = 10000;
  Memory memory(0);
  const BufferRange range{&memory, 0, 12000 * 250};
  const auto cut = [&] {
    reduction_dispatches(device, "sum", {.outer = 1, .length = 250, .inner = 3000}, range, range, 1,
                         range);
  };
  CHECK_THROWS_WITH_AS(cut(), doctest::Contains("sum: 2 rows of 24000 bytes"), DeviceError);
}

TEST_CASE("a_table_and_its_rows_beyond_the_binding_limit_are_taken_in_parts_with_the_same_bits") {
  for_each_vulkan_device([](Device& device) {
    DeviceInfo info = device.info();
    info.max_storage_range = 1 << 15;
    DisguisedDevice small(device, info);
    std::vector<int32_t> ids;
    for (int32_t k = 0; k < 700; ++k) ids.push_back(k % 5 == 0 ? 399 : k * 7919 % 400);
    const std::vector<int32_t> order = embedding_order(ids, 400);
    const auto build = [&](const std::vector<Tensor>& in) {
      Graph& graph = in[0].graph();
      return embedding(in[0], graph.constant(Shape{700}, ids), graph.constant(Shape{700}, order));
    };
    CHECK(results(small, {{400, 36}}, build) == results(device, {{400, 36}}, build));
  });
}
