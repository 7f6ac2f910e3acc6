// AdamW over the trainable arena on every device, against plain AdamW in double for each
// parameter.
#include "autograd/ops/optimizer.h"

#include "autograd/program.h"
#include "core/philox.h"
#include "tests/autograd/large_step.h"
#include "tests/devices.h"

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

std::vector<float> random_floats(int64_t count, uint32_t sample, double low, double high) {
  Random random(5, 0, sample, RandomUse::test);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) {
    value = random.uniform(static_cast<float>(low), static_cast<float>(high));
  }
  return values;
}

// Three parameters; the last but one gets no gradient. Gradients are inputs g0 and g2.
struct Model {
  Graph graph;
  std::vector<Tensor> parameters;
  std::vector<Tensor> gradients;
  Tensor norm;

  explicit Model(const std::vector<UpdateGroup>& groups) {
    parameters.push_back(graph.parameter("a", {7, 31}, Initializer::normal(1)));
    parameters.push_back(graph.parameter("b", {5}, Initializer::constant(2)));
    parameters.push_back(graph.parameter("c", {130}, Initializer::normal(1)));
    gradients = {graph.input("g0", parameters[0].type()), Tensor(),
                 graph.input("g2", parameters[2].type())};
    const Tensor arena = gradient_arena(parameters, gradients);
    const UpdateTables tables = update_tables(parameters, gradients, groups, {0, 0, 1});
    norm = gradient_norm(arena, tables.blocks, graph.input("loss", {DType::f32, {}}));
    const Tensor hyper = graph.input("hyper", {DType::f32, {8}});
    adamw(arena, tables.blocks, tables.groups, norm, hyper);
  }
};

uint64_t run(Program& program, const std::vector<float>& g0, const std::vector<float>& g2,
             const std::vector<float>& hyper, float loss = 1) {
  const std::vector<float> losses{loss};
  return program.run({{"g0", as_feed(g0)},
                      {"g2", as_feed(g2)},
                      {"hyper", as_feed(hyper)},
                      {"loss", as_feed(losses)}});
}

struct Expected {
  std::vector<double> p, m, v;

  explicit Expected(const std::vector<float>& start)
      : p(start.begin(), start.end()), m(start.size()), v(start.size()) {}

  void step(const std::vector<float>& gradient, double factor, const UpdateGroup& group, double lr,
            int t) {
    const double rate = lr * group.lr_factor;
    for (size_t i = 0; i < p.size(); ++i) {
      const double g = gradient[i] * factor;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.98 * v[i] + 0.02 * g * g;
      p[i] -= rate * group.weight_decay * p[i];
      p[i] -= rate * (m[i] / (1 - std::pow(0.9, t))) /
              (std::sqrt(v[i] / (1 - std::pow(0.98, t))) + 1e-6);
      p[i] = std::min(std::max(p[i], group.lower), group.upper);
    }
  }
};

void check(const std::vector<float>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(got[i] - expected[i]);
    CAPTURE(i);
    CAPTURE(got[i]);
    CAPTURE(expected[i]);
    CHECK(difference <= 2e-6 * (1 + std::fabs(expected[i])));
  }
}

const std::vector<UpdateGroup> two_groups = {{1.0, 0.1}, {0.5, 0.0, -0.25, 0.75}};

double norm_of(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (const float x : a) sum += double{x} * x;
  for (const float x : b) sum += double{x} * x;
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("adamw_agrees_with_the_formula_in_double_over_five_steps") {
  for_each_test_device([](Device& device) {
    Model model(two_groups);
    Variables variables(device);
    Program program(model.graph, variables, {model.norm});
    variables.initialize(3);
    Expected a(variables.get("a"));
    Expected c(variables.get("c"));
    for (int t = 1; t <= 5; ++t) {
      const auto sample = static_cast<uint32_t>(t);
      const std::vector<float> g0 = random_floats(7 * 31, sample, -1, 1);
      const std::vector<float> g2 = random_floats(130, 100 + sample, -0.01, 0.01);
      const auto numbers = adamw_hyper(1e-2, 0.9, 0.98, 1e-6, t, 2.0, 0.5);
      const std::vector<float> hyper(numbers.begin(), numbers.end());
      const uint64_t ticket = run(program, g0, g2, hyper);
      const double norm = norm_of(g0, g2);
      check(program.fetch(ticket, 0), {norm});
      const double factor = 0.5 * std::min(1.0, 2.0 / (0.5 * norm + 1e-6));
      a.step(g0, factor, two_groups[0], 1e-2, t);
      c.step(g2, factor, two_groups[1], 1e-2, t);
    }
    check(variables.get("a"), a.p);
    check(variables.get("c"), c.p);
    check(variables.get("b"), std::vector<double>(5, 2.0));
    check(variables.get_slice("adamw.m", "a"), a.m);
    check(variables.get_slice("adamw.v", "c"), c.v);
  });
}

TEST_CASE("a_loss_or_norm_that_is_not_finite_leaves_everything_as_it_was") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  struct Bad {
    float gradient, loss;
  };
  for_each_test_device([](Device& device) {
    Model model(two_groups);
    Variables variables(device);
    Program program(model.graph, variables, {model.norm});
    variables.initialize(3);
    const std::vector<float> before = variables.get("a");
    const auto numbers = adamw_hyper(1e-2, 0.9, 0.98, 1e-6, 1, 1.0);
    const std::vector<float> hyper(numbers.begin(), numbers.end());
    const std::vector<float> g2 = random_floats(130, 2, -1, 1);
    // The square of 1e30 is beyond f32, and would stay in v for ever.
    for (const Bad bad : {Bad{infinity, 1}, {nan, 1}, {1e30f, 1}, {1, infinity}, {1, nan}}) {
      std::vector<float> g0 = random_floats(7 * 31, 1, -1, 1);
      g0[216] = bad.gradient;
      CAPTURE(bad.gradient);
      CAPTURE(bad.loss);
      const uint64_t ticket = run(program, g0, g2, hyper, bad.loss);
      CHECK_FALSE(std::isfinite(program.fetch(ticket, 0)[0]));
      CHECK(variables.get("a") == before);
      CHECK(variables.get_slice("adamw.v", "a") == std::vector<float>(before.size(), 0.0f));
    }
  });
}

TEST_CASE("the_references_leave_everything_as_it_was_too") {
  const std::vector<const Op*> ops = registered_ops();
  const auto find = [&](std::string_view name) {
    return *std::find_if(ops.begin(), ops.end(), [&](const Op* op) { return op->name == name; });
  };
  std::vector<double> p(64, 1), g(64, 0.5), m(64, 0.25), v(64, 0.125), blocks{0, 64}, norm(1);
  std::vector<double> loss{std::numeric_limits<double>::infinity()};
  ReferenceBinding of_norm;
  of_norm.input_data = {&g, &blocks, &loss};
  of_norm.output_data = {&norm};
  find("gradient_norm")->reference(of_norm);
  CHECK(std::isnan(norm[0]));
  std::vector<double> groups{1, 0.1, -2, 2}, hyper{0.01, 0.9, 0.98, 1e-6, 0.1, 0.02, 0, 1};
  ReferenceBinding update;
  update.input_data = {&p, &g, &m, &v, &blocks, &groups, &norm, &hyper};
  find("adamw")->reference(update);
  CHECK(p == std::vector<double>(64, 1));
  CHECK(m == std::vector<double>(64, 0.25));
  CHECK(v == std::vector<double>(64, 0.125));
  norm[0] = 4;
  find("adamw")->reference(update);
  CHECK(p[63] < 1);
}

TEST_CASE("an_arena_beyond_the_binding_limit_is_updated_in_slices_with_the_same_bits") {
  const auto hyper = adamw_hyper(1e-2, 0.9, 0.98, 1e-6, 1, 1.0);
  const test::LargeStep step{.update = adamw,
                             .groups = two_groups,
                             .gradient = random_floats(test::large_arena, 1, -1, 1),
                             .hyper = {hyper.begin(), hyper.end()}};
  for_each_vulkan_device(
      [&](Device& device) { CHECK(step.run_in_slices(device) == step.run(device)); });
}

TEST_CASE("gradients_of_another_shape_are_refused_by_the_parameters_name") {
  Graph graph;
  const Tensor p = graph.parameter("visual.proj", {4, 5}, {});
  const Tensor g = graph.input("g", {DType::f32, {5, 4}});
  CHECK_THROWS_WITH_AS(gradient_arena({p}, {g}), doctest::Contains("visual.proj"), ShapeError);
}
