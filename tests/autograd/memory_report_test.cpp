#include "autograd/memory_report.h"

#include "autograd/ops/optimizer.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// loss = sum(exp(w) + exp(w)...) of a parameter, a frozen variable and a constant.
struct Small {
  Graph graph;
  std::vector<Tensor> fetches;

  Small() {
    const Tensor w = graph.parameter("w", {100, 10}, Initializer::zeros());
    const Tensor frozen = graph.variable("frozen", {DType::f32, {100, 10}},
                                         Variable::Kind::frozen);
    Tensor y = exp(w);
    for (const Tensor& other : {exp(frozen), graph.constant({1000}, std::vector<float>(1000))}) {
      y = scale(y, 2);
      fetches.push_back(sum(other, {0}));
    }
    const Tensor loss = sum(y, {0, 1});
    fetches.push_back(loss);
    const std::vector<Tensor> by = gradients(loss, {w});
    const UpdateTables tables = update_tables({w}, by, {{}}, {0});
    const Tensor arena = gradient_arena({w}, by);
    adamw(arena, tables.blocks, tables.groups, gradient_norm(arena, tables.blocks, loss),
          graph.input("hyper", {DType::f32, {8}}));
  }
};

}  // namespace

TEST_CASE("planned_memory_is_what_the_compiled_program_reports_on_every_device") {
  for_each_test_device([](Device& device) {
    const Small small;
    Plan plan = make_plan(small.graph, small.fetches, false);
    place_values(plan, device.info());
    Variables variables(device);
    const Program program(small.graph, variables, small.fetches);
    const MemoryReport planned = planned_memory(small.graph, plan);
    CHECK(planned == program.memory());
    CHECK(planned.trainable == 1024 * 4);
    CHECK(planned.frozen == 4000);
    CHECK(planned.state == 2 * 1024 * 4);
    CHECK(planned.constants >= 4000);
  });
}

TEST_CASE("the_largest_tensors_are_told_by_name_and_those_of_a_kind_together") {
  Graph graph;
  const Tensor x = graph.input("x", {DType::f32, {5000}});
  std::vector<Tensor> fetches;
  for (int i = 0; i < 3; ++i) {
    const Scope scope(graph, fmt::format("block{}", i));
    fetches.push_back(exp(scale(x, i + 2)));
  }
  graph.variable("table", {DType::f32, {12000}}, Variable::Kind::frozen);
  Plan plan = make_plan(graph, fetches, false);
  place_values(plan, DeviceInfo{});
  const std::vector<LargeTensor> all = largest_tensors(graph, plan, 2);
  REQUIRE(all.size() == 2);
  CHECK(all[0].count == 3);
  CHECK(all[0].type.str() == "f32 [5000]");
  CHECK(all[0].name.starts_with("block0 "));
  CHECK(all[1].name == "table");
  CHECK(all[1].bytes == 48000);
}
