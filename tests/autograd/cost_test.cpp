#include "autograd/cost.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reshape.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

Tensor input(Graph& graph, const std::string& name, const Shape& shape) {
  return graph.input(name, {DType::f32, shape});
}

std::vector<NodeCost> costs(const Graph& graph, const std::vector<Tensor>& fetches) {
  Plan plan = make_plan(graph, fetches, false);
  place_values(plan, DeviceInfo{});
  return node_costs(plan);
}

}  // namespace

TEST_CASE("a_product_costs_two_operations_a_term_and_its_operands_and_result_once") {
  Graph graph;
  const Tensor a = input(graph, "a", {3, 5});
  const std::vector<NodeCost> all = costs(graph, {matmul(a, input(graph, "b", {5, 7}))});
  REQUIRE(all.size() == 1);
  CHECK(all[0].cost.flops == 2 * 3 * 5 * 7);
  CHECK(all[0].cost.bytes == 4 * (3 * 5 + 5 * 7 + 3 * 7));
}

TEST_CASE("causal_attention_costs_half_and_its_gradient_five_products_to_two") {
  const auto flops = [](bool causal) {
    Graph graph;
    const Tensor qkv = input(graph, "qkv", {2, 4, 24});
    const Tensor y = attention(qkv, 2, causal);
    const Tensor by = gradients({y}, {input(graph, "dy", y.shape())}, {qkv})[0];
    const std::vector<NodeCost> all = costs(graph, {y, by});
    return std::pair(all.at(0).cost.flops, all.at(1).cost.flops);
  };
  CHECK(flops(false) == std::pair(2.0 * 2 * 2 * 4 * 4 * 8, 5.0 * 2 * 2 * 4 * 4 * 8));
  CHECK(flops(true).first == 2.0 * 2 * 2 * (4 * 5 / 2) * 8);
}

TEST_CASE("views_are_left_out_and_a_slice_reads_what_it_writes") {
  Graph graph;
  const Tensor x = input(graph, "x", {6, 100});
  const std::vector<NodeCost> all = costs(graph, {reshape(slice(x, 0, 1, 3), {100, 2})});
  REQUIRE(all.size() == 1);
  CHECK(all[0].cost.bytes == 2 * 200 * 4);
}

TEST_CASE("what_a_pack_holds_in_place_costs_nothing") {
  Graph graph;
  const Tensor x = input(graph, "x", {64});
  const Tensor made = add(x, x);
  CHECK(costs(graph, {pack({made}, {0}, 64)}).back().cost.bytes == 0);
  CHECK(costs(graph, {pack({x}, {0}, 64)}).back().cost.bytes == 2 * 64 * 4);
}

TEST_CASE("the_roofline_is_the_longer_of_computing_and_moving") {
  CHECK(roofline_seconds({100, 10}, 50, 10) == 2);
  CHECK(roofline_seconds({100, 30}, 50, 10) == 3);
}
