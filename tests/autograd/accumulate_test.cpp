// Sums over several runs, and gradients that are handed over as soon as they are complete.
#include "autograd/ops/accumulate.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "tests/devices.h"
#include "tests/disguised_device.h"

#include <limits>
#include <numeric>

using namespace tandem;

namespace {

constexpr int64_t count = 4099;

struct Sum {
  Graph graph;

  Sum() {
    const Tensor sum = graph.variable("sum", {DType::f32, {64 + 4160}}, Variable::Kind::state);
    const Tensor part = graph.input("part", {DType::f32, {count}});
    accumulate(sum, part, 64, graph.input("more", {DType::f32, {1}}));
  }
};

// The sum after parts of NaN, then of 1, 2, 3, ..., then of twice that.
std::vector<float> summed(Device& device) {
  Sum sum;
  Variables variables(device);
  Program program(sum.graph, variables, {});
  variables.initialize(0);
  std::vector<float> part(count, std::numeric_limits<float>::quiet_NaN());
  const auto run = [&](float more) {
    const std::vector<float> flag{more};
    program.run({{"part", as_feed(part)}, {"more", as_feed(flag)}});
  };
  run(1);
  std::iota(part.begin(), part.end(), 1.0f);
  run(0);
  for (float& value : part) value *= 2;
  run(1);
  return variables.get("sum");
}

}  // namespace

TEST_CASE("a_sum_starts_anew_whatever_it_held_and_grows_in_its_place") {
  for_each_test_device([](Device& device) {
    const std::vector<float> sum = summed(device);
    for (size_t i = 0; i < 64; ++i) CHECK(sum[i] == 0);
    for (size_t i = 0; i < count; ++i) {
      INFO(i, ": ", sum[64 + i]);
      REQUIRE(sum[64 + i] == 3.0f * static_cast<float>(i + 1));
    }
  });
}

TEST_CASE("a_sum_beyond_the_binding_limit_grows_in_slices") {
  for_each_vulkan_device([](Device& device) {
    DeviceInfo info = device.info();
    info.max_storage_range = 1 << 12;
    DisguisedDevice small(device, info);
    const auto whole = summed(device);
    const auto sliced = summed(small);
    CHECK(std::equal(whole.begin(), whole.begin() + 64 + count, sliced.begin()));
  });
}

TEST_CASE("a_part_off_the_blocks_or_too_long_is_refused") {
  Graph graph;
  const Tensor sum = graph.variable("sum", {DType::f32, {128}}, Variable::Kind::state);
  const Tensor part = graph.input("part", {DType::f32, {65}});
  const Tensor more = graph.constant({1}, std::vector<float>{0});
  CHECK_THROWS_AS(accumulate(sum, part, 64, more), ShapeError);
  CHECK_THROWS_AS(accumulate(sum, part, 5, more), ShapeError);
  CHECK_THROWS_AS(accumulate(sum, part, 0, part), ShapeError);
  CHECK_NOTHROW(accumulate(sum, part, 0, more));
}

TEST_CASE("a_gradient_is_told_of_before_the_backward_pass_goes_on") {
  Graph graph;
  const Tensor a = graph.input("a", {DType::f32, {3}});
  const Tensor b = graph.input("b", {DType::f32, {3}});
  const Tensor unused = graph.input("unused", {DType::f32, {3}});
  // a is read first, so that its gradient is complete last.
  const Tensor y = sum(mul(mul(exp(a), b), b), {0});
  std::vector<size_t> order;
  std::vector<size_t> nodes;
  const std::vector<Tensor> all = gradients({y}, {graph.constant(y.shape(), std::vector<float>{1})},
                                            {a, b, unused, y}, [&](size_t index, Tensor gradient) {
                                              CHECK(gradient);
                                              order.push_back(index);
                                              nodes.push_back(graph.nodes().size());
                                            });
  CHECK(order == std::vector<size_t>{3, 1, 0});
  CHECK(nodes[1] < graph.nodes().size());
  CHECK(nodes[2] == graph.nodes().size());
  CHECK_FALSE(all[2]);
}
