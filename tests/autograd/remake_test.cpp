#include "autograd/remake.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;

namespace {

constexpr int64_t rows = 37;
constexpr int64_t width = 24;

// The MLP of a transformer: y = W2 gelu(W1 layer_norm(x)) with its gradients.
struct Mlp {
  Graph graph;
  Tensor normal, hidden;
  std::vector<Tensor> gradients;

  Mlp() {
    const auto parameter = [&](const char* name, const Shape& shape) {
      return graph.parameter(name, shape, Initializer::normal(0.5));
    };
    const std::vector<Tensor> weights{parameter("w1", {4 * width, width}),
                                      parameter("w2", {width, 4 * width}),
                                      parameter("gamma", {width}), parameter("beta", {width})};
    const Tensor x = parameter("x", {rows, width});
    normal = layer_norm(x, weights[2], weights[3]);
    hidden = linear(normal, weights[0], {}, Activation::gelu);
    const Tensor loss = mean(linear(hidden, weights[1], {}), {0, 1});
    gradients = tandem::gradients(loss, weights);
  }
};

std::vector<std::vector<float>> gradients_on(Device& device, bool keep) {
  Mlp mlp;
  std::vector<Tensor> fetches = mlp.gradients;
  if (keep) fetches.insert(fetches.end(), {mlp.normal, mlp.hidden});
  Variables variables(device);
  Program program(mlp.graph, variables, fetches);
  variables.initialize(3);
  const uint64_t ticket = program.run({});
  std::vector<std::vector<float>> values;
  for (size_t i = 0; i < mlp.gradients.size(); ++i) values.push_back(program.fetch(ticket, i));
  return values;
}

int64_t backward_nodes(const Plan& plan, std::string_view op) {
  return std::count_if(plan.nodes.begin(), plan.nodes.end(), [&](const Node& node) {
    return node.backward && node.op->name == op;
  });
}

}  // namespace

TEST_CASE("activations_and_layer_norms_are_made_again_for_the_backward_pass") {
  const Mlp mlp;
  const Plan plan = make_plan(mlp.graph, mlp.gradients, false);
  CHECK(backward_nodes(plan, "layer_norm") == 1);
  CHECK(backward_nodes(plan, "activation") == 1);
  CHECK(backward_nodes(plan, "linear") == 0);
}

TEST_CASE("what_is_made_again_has_the_same_bits") {
  for_each_test_device(
      [](Device& device) { CHECK(gradients_on(device, false) == gradients_on(device, true)); });
}

TEST_CASE("attention_is_made_again_where_it_is_little_of_its_block") {
  for (const bool little : {true, false}) {
    Graph graph;
    const int64_t tokens = little ? 4 : 5;
    const Tensor w = graph.parameter("w", {3 * width, width}, Initializer::normal(0.5));
    const Tensor v = graph.parameter("v", {5, width}, Initializer::normal(0.5));
    const Tensor x = graph.input("x", {DType::f32, {2, tokens, width}});
    const Tensor y = linear(attention(linear(x, w, {}), 2, false), v, {});
    const Plan plan = make_plan(graph, gradients(mean(y, {0, 1, 2}), {w, v}), false);
    CHECK(backward_nodes(plan, "attention") == (little ? 1 : 0));
  }
}

TEST_CASE("channels_with_factors_and_biases_are_made_again_one_out_of_the_other") {
  Graph graph;
  const auto parameter = [&](const char* name, const Shape& shape) {
    return graph.parameter(name, shape, Initializer::normal(0.5));
  };
  const Tensor x = graph.input("x", {DType::f32, {rows, width}});
  const Tensor factors = parameter("factors", {width});
  const Tensor w = parameter("w", {5, width});
  // The gradient of w reads what is scaled and shifted, of which neither is kept.
  const Tensor shifted = add(mul(scale(x, 2), factors), parameter("bias", {width}));
  const Tensor y = linear(activate(shifted, Activation::silu), w, {});
  const Plan plan = make_plan(graph, gradients(mean(y, {0, 1}), {w, factors}), false);
  CHECK(backward_nodes(plan, "activation") == 1);
  CHECK(backward_nodes(plan, "add") == 1);
  // One for each gradient of the product, and the one that makes it again.
  CHECK(backward_nodes(plan, "mul") == 2);
  for (const Node& made : plan.nodes) {
    if (made.backward || (made.op->name != "add" && made.op->name != "mul")) continue;
    for (const Node& node : plan.nodes) {
      CHECK_FALSE((node.backward && std::count(node.inputs.begin(), node.inputs.end(),
                                               made.outputs[0]) > 0));
    }
  }
}

TEST_CASE("what_is_fetched_is_not_made_again") {
  const Mlp mlp;
  const Plan plan = make_plan(mlp.graph, {mlp.gradients[1], mlp.hidden}, false);
  CHECK(backward_nodes(plan, "activation") == 0);
}

TEST_CASE("what_would_keep_other_values_in_memory_is_not_made_again") {
  Graph graph;
  const Tensor ones = graph.constant({width}, std::vector<float>(width, 1.0f));
  const Tensor x = scale(graph.input("x", {DType::f32, {rows, width}}), 2);
  const Tensor w = graph.parameter("w", {5, width}, Initializer::normal(1));
  const Tensor loss = mean(linear(layer_norm(x, ones, ones), w, {}), {0, 1});
  const Plan plan = make_plan(graph, {gradients(loss, {w})[0]}, false);
  CHECK(backward_nodes(plan, "layer_norm") == 0);
}
