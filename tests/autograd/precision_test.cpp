// What a lower precision makes of a plan; the registry walk tests that its kernels are right.
#include "autograd/precision.h"

#include "autograd/ops/layer_norm.h"
#include "autograd/ops/matmul.h"
#include "autograd/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;

namespace {

// y = norm(x) W', twice through the same W, and the gradients of both layers' x and W.
struct TwoLayers {
  Graph graph;
  Tensor x = graph.input("x", {DType::f32, {4, 8}});
  Tensor weight = graph.parameter("weight", {8, 8}, {});
  Tensor gamma = graph.parameter("gamma", {8}, {});
  Tensor beta = graph.parameter("beta", {8}, {});
  Tensor inner = layer_norm(x, gamma, beta);
  Tensor hidden = linear(inner, weight, {});
  Tensor y = linear(hidden, weight, {});

  Plan plan(const std::vector<Tensor>& fetches, bool kernels = true) {
    return make_plan(graph, fetches, false, {.dtype = DType::bf16, .kernels = kernels});
  }
};

int64_t casts(const Plan& plan, DType to) {
  return std::count_if(plan.nodes.begin(), plan.nodes.end(), [&](const Node& node) {
    return node.op->name == "cast" &&
           plan.values[static_cast<size_t>(node.outputs[0])].type.dtype == to;
  });
}

DType type_in(const Plan& plan, Tensor tensor) {
  return plan.values[static_cast<size_t>(tensor.id())].type.dtype;
}

}  // namespace

TEST_CASE("a_parameter_is_cast_once_a_run_and_what_products_read_is_made_in_bf16") {
  TwoLayers net;
  const Plan plan = net.plan({net.y});
  CHECK(casts(plan, DType::bf16) == 1);  // the weight
  CHECK(type_in(plan, net.weight) == DType::f32);
  CHECK(type_in(plan, net.inner) == DType::bf16);
  CHECK(type_in(plan, net.hidden) == DType::bf16);
  CHECK(type_in(plan, net.y) == DType::f32);  // fetched
}

TEST_CASE("what_something_else_reads_too_stays_f32_and_is_cast_for_products") {
  TwoLayers net;
  const Tensor length = layer_norm(net.hidden, net.gamma, net.beta);
  const Plan plan = net.plan({net.y, length});
  CHECK(casts(plan, DType::bf16) == 2);  // the weight and hidden
  CHECK(type_in(plan, net.hidden) == DType::f32);
}

TEST_CASE("without_kernels_of_its_own_a_device_multiplies_rounded_floats") {
  TwoLayers net;
  const Plan plan = net.plan({net.y}, false);
  CHECK(casts(plan, DType::bf16) == 3);
  CHECK(casts(plan, DType::f32) == 3);
  for (const Node& node : plan.nodes) {
    if (node.op->name != "linear") continue;
    CHECK(plan.values[static_cast<size_t>(node.inputs[0])].type.dtype == DType::f32);
  }
}

TEST_CASE("full_precision_holds_for_gradients_too") {
  Graph graph;
  const Tensor a = graph.parameter("a", {4, 8}, {});
  const Tensor b = graph.parameter("b", {4, 8}, {});
  Tensor y;
  {
    const FullPrecision precision(graph);
    y = matmul(a, b, false, true);
  }
  const Tensor seed = graph.input("seed", {DType::f32, {4, 4}});
  const std::vector<Tensor> both = gradients({y}, {seed}, {a, b});
  CHECK(casts(make_plan(graph, both, false, {.dtype = DType::bf16}), DType::bf16) == 0);
}
