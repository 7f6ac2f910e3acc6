// SGD on every device, against torch 1.13's in double and its reference.
#include "autograd/ops/optimizer.h"
#include "autograd/program.h"
#include "tests/autograd/large_step.h"
#include "tests/devices.h"

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

std::vector<float> waves(int64_t count, double step, double start, double (*wave)(double)) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(wave(step * static_cast<double>(i) + start)));
  }
  return values;
}

double sine(double x) { return std::sin(x); }
double cosine(double x) { return std::cos(x); }

// Two parameters, the second at half the rate and without decay, and their norm.
struct Model {
  Graph graph;
  Tensor norm;

  Model() {
    const std::vector<Tensor> parameters{graph.parameter("a", {7, 10}, {}),
                                         graph.parameter("b", {3}, {})};
    const std::vector<Tensor> gradients{graph.input("ga", parameters[0].type()),
                                        graph.input("gb", parameters[1].type())};
    const Tensor arena = gradient_arena(parameters, gradients);
    const UpdateTables tables =
        update_tables(parameters, gradients, {{1, 0.05}, {0.5, 0, -1, 1.05}}, {0, 1});
    norm = gradient_norm(arena, tables.blocks, graph.input("loss", {DType::f32, {}}));
    sgd(arena, tables.blocks, tables.groups, norm, graph.input("hyper", {DType::f32, {8}}));
  }
};

// Steps t = 1, 2, ... of the gradients that torch had, in place of it with the same clipping.
void step(Program& program, int t, float loss = 1) {
  const std::vector<float> ga = waves(70, 1.3, t, sine);
  const std::vector<float> gb = waves(3, 1.1, t, cosine);
  const std::vector<float> losses{loss};
  const auto numbers = sgd_hyper(0.1, 0.9, 4);
  const std::vector<float> hyper(numbers.begin(), numbers.end());
  program.fetch(program.run({{"ga", as_feed(ga)},
                             {"gb", as_feed(gb)},
                             {"loss", as_feed(losses)},
                             {"hyper", as_feed(hyper)}}),
                0);
}

void check(const std::vector<float>& got, const std::vector<std::pair<size_t, double>>& expected) {
  for (const auto& [i, value] : expected) {
    CAPTURE(i);
    CAPTURE(got.at(i));
    CAPTURE(value);
    CHECK(std::fabs(got.at(i) - value) <= 2e-6);
  }
}

}  // namespace

// torch.optim.SGD(lr=0.1, momentum=0.9), weight_decay 0.05 and 0, clip_grad_norm_ 4.
TEST_CASE("sgd_agrees_with_pytorch_over_five_steps") {
  for_each_test_device([](Device& device) {
    const Model model;
    Variables variables(device);
    Program program(model.graph, variables, {model.norm});
    variables.set("a", waves(70, 0.9, 0, sine));
    variables.set("b", waves(3, 0.7, 0, cosine));
    for (int t = 1; t <= 5; ++t) step(program, t);
    check(variables.get("a"), {{0, -0.2945662499759389},
                               {1, 0.8365582136546157},
                               {33, -1.2310806148677305},
                               {63, -0.1054293332764447},
                               {64, 0.9858956944332518},
                               {69, -0.389322956485577}});
    check(variables.get_slice("sgd.momentum", "a"), {{0, -0.24272882776550764},
                                                     {33, 0.3007608791169194},
                                                     {69, -0.7790656089492982}});
    check(variables.get("b"), {{0, 1.05}, {1, 0.9423685252461413}, {2, 0.23628214460890923}});
  });
}

TEST_CASE("sgd_changes_nothing_after_a_loss_that_is_not_finite") {
  for_each_test_device([](Device& device) {
    const Model model;
    Variables variables(device);
    Program program(model.graph, variables, {model.norm});
    const std::vector<float> start = waves(70, 0.9, 0, sine);
    variables.set("a", start);
    variables.set("b", waves(3, 0.7, 0, cosine));
    step(program, 1, std::numeric_limits<float>::quiet_NaN());
    CHECK(variables.get("a") == start);
    CHECK(variables.get_slice("sgd.momentum", "a") == std::vector<float>(70));
    step(program, 1);
    CHECK(variables.get("a") != start);
  });
}

TEST_CASE("the_reference_of_sgd_follows_the_formula") {
  const std::vector<const Op*> ops = registered_ops();
  const Op& op = **std::find_if(ops.begin(), ops.end(),
                                [](const Op* one) { return one->name == "sgd"; });
  std::vector<double> p(64, 1), g(64, 0.5), b(64, 0.25), blocks{0, 63}, norm{4};
  std::vector<double> groups{2, 0.1, -2, 2}, hyper{0.01, 0.9, 0, 0, 0, 0, 1, 0.5};
  ReferenceBinding update;
  update.input_data = {&p, &g, &b, &blocks, &groups, &norm, &hyper};
  op.reference(update);
  const double expected = 0.9 * 0.25 + 0.5 * 0.5 / (2 + 1e-6) + 0.1;
  CHECK(b[62] == doctest::Approx(expected).epsilon(1e-12));
  CHECK(p[62] == doctest::Approx(1 - 0.02 * expected).epsilon(1e-12));
  CHECK(b[63] == 0.25);
  norm[0] = std::numeric_limits<double>::infinity();
  const std::vector<double> before = p;
  op.reference(update);
  CHECK(p == before);
}

TEST_CASE("sgd_updates_an_arena_beyond_the_binding_limit_in_slices") {
  const auto hyper = sgd_hyper(0.1, 0.9, 1);
  const test::LargeStep step{.update = sgd,
                             .groups = {{1, 0.1}},
                             .gradient = waves(test::large_arena, 1.3, 0, sine),
                             .hyper = {hyper.begin(), hyper.end()}};
  for_each_vulkan_device(
      [&](Device& device) { CHECK(step.run_in_slices(device) == step.run(device)); });
}
