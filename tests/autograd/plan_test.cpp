#include "autograd/plan.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// x -> exp in three blocks of four -> sum, with its gradient.
struct Chain {
  Graph graph;
  Tensor x, loss, gradient;

  explicit Chain(int64_t width = 1024) {
    x = graph.input("x", {DType::f32, {width}});
    Tensor y = x;
    for (int i = 0; i < 3; ++i) {
      const Scope scope(graph, fmt::format("block{}", i), true);
      for (int j = 0; j < 4; ++j) y = exp(scale(y, 0.1));
    }
    loss = sum(y, {0});
    gradient = gradients(loss, {x})[0];
  }
};

// exp(... exp(x W1) W2 ...) with the gradients of all W, packed; as large as the activations.
struct Layers {
  static constexpr int64_t count = 8, width = 64, rows = 64;
  Graph graph;
  Tensor arena;

  Layers() {
    std::vector<Tensor> weights;
    Tensor y = graph.input("x", {DType::f32, {rows, width}});
    for (int64_t i = 0; i < count; ++i) {
      weights.push_back(
          graph.parameter(fmt::format("w{}", i), {width, width}, Initializer::normal(0.1)));
      y = exp(matmul(y, weights.back()));
    }
    arena = gradient_arena(weights, gradients(sum(y, {0, 1}), weights));
  }
};

// How many pairs of storages have bytes in common that both use at some node.
int overlaps(const Plan& plan) {
  int count = 0;
  for (const Storage& a : plan.storages) {
    for (const Storage& b : plan.storages) {
      if (&a == &b || a.block != b.block) continue;
      for (const StoragePart& p : a.parts()) {
        for (const StoragePart& q : b.parts()) {
          const size_t from = a.offset + p.offset, other = b.offset + q.offset;
          const bool apart = from + p.bytes <= other || other + q.bytes <= from;
          if (!apart && p.first <= q.last && q.first <= p.last) ++count;
        }
      }
    }
  }
  return count;
}

size_t arena_bytes(bool recompute) {
  const Chain chain;
  Plan plan = make_plan(chain.graph, {chain.loss, chain.gradient}, recompute);
  place_values(plan, DeviceInfo{});
  return plan.arena_bytes();
}

std::vector<float> gradient_of(bool recompute) {
  const auto device = open_device("cpu");
  Variables variables(*device);
  const Chain chain(7);
  Program program(chain.graph, variables, {chain.gradient}, {.recompute_blocks = recompute});
  const std::vector<float> x{-1, -0.5, 0, 0.25, 0.5, 1, 2};
  return program.fetch(program.run({{"x", as_feed(x)}}), 0);
}

}  // namespace

TEST_CASE("nodes_that_nothing_reads_are_dropped") {
  Graph graph;
  const Tensor x = graph.input("x", {DType::f32, {4}});
  const Tensor used = exp(x);
  exp(used);
  CHECK(make_plan(graph, {used}, false).nodes.size() == 1);
}

TEST_CASE("storages_that_live_together_never_overlap") {
  const Chain chain;
  Plan plan = make_plan(chain.graph, {chain.loss, chain.gradient}, false);
  place_values(plan, DeviceInfo{});
  CHECK(plan.storages.size() > 4);
  CHECK(overlaps(plan) == 0);
}

TEST_CASE("gradients_take_the_memory_of_activations_that_die_before_them") {
  const Layers layers;
  Plan plan = make_plan(layers.graph, {layers.arena}, false);
  place_values(plan, DeviceInfo{});
  CHECK(overlaps(plan) == 0);
  const size_t activations = Layers::count * Layers::rows * Layers::width * sizeof(float);
  const size_t gradients = layers.arena.type().bytes();
  CHECK(plan.arena_bytes() >= std::max(activations, gradients));
  CHECK(plan.arena_bytes() < (activations + gradients) * 3 / 4);
}

TEST_CASE("recomputing_blocks_saves_memory") { CHECK(arena_bytes(true) < arena_bytes(false)); }

TEST_CASE("recomputing_blocks_gives_the_same_bits") {
  CHECK(gradient_of(true) == gradient_of(false));
}

TEST_CASE("a_block_of_memory_is_split_at_its_limit") {
  const Chain chain;
  Plan plan = make_plan(chain.graph, {chain.loss, chain.gradient}, false);
  place_values(plan, DeviceInfo{}, 8192);
  CHECK(plan.blocks.size() > 1);
  for (const size_t bytes : plan.blocks) CHECK(bytes <= 8192);
}

TEST_CASE("a_missing_or_short_feed_is_refused_by_name") {
  const auto device = open_device("cpu");
  Variables variables(*device);
  Graph graph;
  const Tensor y = exp(graph.input("x", {DType::f32, {4}}));
  Program program(graph, variables, {y});
  CHECK_THROWS_WITH_AS(program.run({}), "program: input 'x' is not fed.", ShapeError);
  const std::vector<float> x(3);
  CHECK_THROWS_WITH_AS(program.run({{"x", as_feed(x)}}),
                       "program: input 'x' is fed 12 bytes; expected 16.", ShapeError);
}

TEST_CASE("a_constant_can_be_fetched") {
  for_each_test_device([](Device& device) {
    Variables variables(device);
    Graph graph;
    const std::vector<float> values{1, 2, 3, 4};
    Program program(graph, variables, {graph.constant({4}, values)});
    CHECK(program.fetch(program.run({}), 0) == values);
  });
}

TEST_CASE("a_fetch_of_another_type_than_f32_is_refused") {
  const auto device = open_device("cpu");
  Variables variables(*device);
  Graph graph;
  const Tensor halves = cast(graph.input("x", {DType::f32, {3}}), DType::bf16);
  CHECK_THROWS_WITH_AS(Program(graph, variables, {halves}),
                       "program: fetch 0 is bf16 [3] but only f32 can be fetched; cast it.",
                       ShapeError);
}

TEST_CASE("only_the_last_two_runs_on_the_cpu_keep_their_outputs") {
  const auto device = open_device("cpu");
  Variables variables(*device);
  Graph graph;
  Program program(graph, variables, {exp(graph.input("x", {DType::f32, {1}}))});
  const std::vector<float> x{0};
  for (int run = 0; run < 3; ++run) program.run({{"x", as_feed(x)}});
  CHECK(program.fetch(2, 0) == std::vector<float>{1});
  CHECK_THROWS_WITH_AS(program.fetch(1, 0),
                       "cpu: the output of run 1 was asked for after run 3; only the last two "
                       "runs keep theirs.",
                       DeviceError);
  CHECK_THROWS_AS(program.fetch(4, 0), DeviceError);
  CHECK_THROWS_AS(program.fetch(3, 1), DeviceError);
}

TEST_CASE("a_slice_of_what_is_not_laid_out_as_the_trainable_arena_is_refused") {
  const auto device = open_device("cpu");
  Variables variables(*device);
  Graph graph;
  graph.parameter("w", {70}, Initializer::zeros());
  graph.variable("frozen", {DType::f32, {8}}, Variable::Kind::frozen);
  graph.variable("short", {DType::f32, {4}}, Variable::Kind::state);
  graph.variable("moments", {DType::f32, {128}}, Variable::Kind::state);
  variables.add(graph);
  CHECK(variables.get_slice("moments", "w") == std::vector<float>(70));
  CHECK_THROWS_AS(variables.get_slice("short", "w"), ShapeError);
  CHECK_THROWS_AS(variables.get_slice("moments", "frozen"), ShapeError);
  CHECK_THROWS_AS(variables.set_slice("moments", "frozen", std::vector<float>(8)), ShapeError);
}
