// Which values products read on devices with kernels of 16 bits; that the kernels are right is
// tested in ops_test.cpp and matmul_low_test.cpp.
#include "autograd/low_products.h"

#include "autograd/ops/layer_norm.h"
#include "autograd/ops/matmul.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;

namespace {

int64_t casts(const Plan& plan, DType to) {
  return std::count_if(plan.nodes.begin(), plan.nodes.end(), [&](const Node& node) {
    return node.op->name == "cast" &&
           plan.values[static_cast<size_t>(node.outputs[0])].type.dtype == to;
  });
}

}  // namespace

TEST_CASE("products_read_the_16_bits_and_nothing_is_cast_back") {
  Graph graph;
  const Tensor x = graph.input("x", {DType::f32, {4, 8}});
  const Tensor weight = graph.parameter("weight", {8, 8}, {});
  const Tensor gamma = graph.parameter("gamma", {8}, {});
  const Tensor beta = graph.parameter("beta", {8}, {});
  const Tensor y = linear(linear(layer_norm(x, gamma, beta), weight, {}), weight, {});
  Plan plan = make_plan(graph, {y}, false, {.dtype = DType::bf16, .kernels = false});
  CHECK(casts(plan, DType::f32) == 3);
  use_low_products(plan);
  CHECK(casts(plan, DType::f32) == 0);
  CHECK(casts(plan, DType::bf16) == 3);  // the weight once, and both layers' inputs
  for (const Node& node : plan.nodes) {
    if (node.op->name != "linear") continue;
    CHECK(plan.values[static_cast<size_t>(node.inputs[0])].type.dtype == DType::bf16);
    CHECK(plan.values[static_cast<size_t>(node.inputs[1])].type.dtype == DType::bf16);
    CHECK(plan.values[static_cast<size_t>(node.outputs[0])].type.dtype == DType::f32);
  }
}

TEST_CASE("only_gpus_have_products_of_16_bits") {
  DeviceInfo info;
  info.backend = "cpu";
  CHECK(!has_low_products(info));
  info.backend = "vulkan";
  info.kind = "software";
  CHECK(!has_low_products(info));
  info.kind = "integrated";
  CHECK(has_low_products(info));
}
