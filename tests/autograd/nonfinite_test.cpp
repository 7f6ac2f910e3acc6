#include "autograd/nonfinite.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/unary.h"
#include "tests/devices.h"

#include <limits>

using namespace tandem;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

// loss = sum(log(exp(x w) - 1)), [2, 2]: not finite where x w is 0, and where exp overflows.
struct Model {
  Graph graph;
  Tensor w, loss, gradient;

  Model() {
    const Tensor x = graph.input("x", {DType::f32, {2, 2}});
    w = graph.parameter("w", {2, 2}, Initializer::constant(1));
    Tensor y;
    {
      const Scope scope(graph, "block.0", true);
      y = exp(mul(x, w));
    }
    const Scope scope(graph, "block.1", true);
    const Tensor one = graph.constant({}, std::vector<float>{1.0f});
    loss = sum(sum(log(sub(y, one)), {0}), {0});
    gradient = gradients(loss, {w})[0];
  }

  std::optional<NonFinite> find(Device& device, const std::vector<float>& x, float weight,
                                size_t window_bytes) {
    Variables variables(device);
    variables.add(graph);
    variables.set("w", std::vector<float>{1, weight, 1, 1});
    const std::map<std::string, Tensor> named{{"loss", loss}, {"grad.w", gradient}};
    return find_nonfinite(graph, variables, {{"x", as_feed(x)}}, named, {}, window_bytes);
  }
};

}  // namespace

TEST_CASE("the_first_op_that_gives_a_value_that_is_not_finite_is_found_on_every_device") {
  for_each_test_device([](Device& device) {
    Model model;
    for (const size_t window : {size_t{1}, size_t{1} << 20}) {
      CAPTURE(window);
      const auto overflow = model.find(device, {1, 2, 3, 200}, 1, window);
      REQUIRE(overflow);
      CHECK(overflow->name == "exp");
      CHECK(overflow->scope == "block.0");
      CHECK(overflow->str() ==
            "exp in block.0 was the first to give a value that is not finite (inf at [1, 1])");
      const auto zero = model.find(device, {1, 0, 3, 2}, 1, window);
      REQUIRE(zero);
      CHECK(zero->name == "log");
      CHECK(zero->scope == "block.1");
      CHECK(zero->index == std::vector<int64_t>{0, 1});
      CHECK_FALSE(model.find(device, {1, 2, 3, 4}, 1, window));
    }
  });
}

TEST_CASE("a_bad_input_or_parameter_is_named_before_any_op") {
  const auto device = open_device("cpu");
  Model model;
  const auto input = model.find(*device, {1, 2, infinity, 4}, infinity, 1);
  REQUIRE(input);
  CHECK(input->str() == "the input 'x' holds inf at [1, 0]");
  const auto parameter = model.find(*device, {1, 2, 3, 4}, -infinity, 1);
  REQUIRE(parameter);
  CHECK(parameter->str() == "'w' holds -inf at [0, 1]");
}

TEST_CASE("an_op_is_told_with_the_variables_that_it_reads_and_the_name_of_what_it_makes") {
  const auto device = open_device("cpu");
  Graph graph;
  const Tensor w = graph.parameter("w", {2}, Initializer::constant(2));
  const Tensor x = graph.input("x", {DType::f32, {2}});
  const Tensor product = mul(x, w);
  Variables variables(*device);
  variables.add(graph);
  variables.initialize(0);
  const std::vector<float> values{1, 3e38f};
  const auto found =
      find_nonfinite(graph, variables, {{"x", as_feed(values)}}, {{"product", product}});
  REQUIRE(found);
  CHECK(found->str() ==
        "mul for product (with w) was the first to give a value that is not finite (inf at [1])");
}

TEST_CASE("a_program_without_updates_changes_no_variable") {
  const auto device = open_device("cpu");
  Graph graph;
  const Tensor p = graph.parameter("p", {64}, Initializer::constant(1));
  const Tensor g = graph.input("g", p.type());
  const Tensor arena = gradient_arena({p}, {g});
  const UpdateTables tables = update_tables({p}, {g}, {{}}, {0});
  const Tensor loss = graph.constant({}, std::vector<float>{1.0f});
  const Tensor norm = gradient_norm(arena, tables.blocks, loss);
  adamw(arena, tables.blocks, tables.groups, norm, graph.input("hyper", {DType::f32, {8}}));
  Variables variables(*device);
  Program program(graph, variables, {norm}, {.update = false});
  variables.initialize(0);
  const std::vector<float> gradient(64, 0.5f);
  CHECK(program.fetch(program.run({{"g", as_feed(gradient)}}), 0)[0] == 4.0f);
  CHECK(variables.get("p") == std::vector<float>(64, 1.0f));
}
