// Where values lie must not show: random graphs of views, packs and ops that may work in place
// give what the references give.
#include "autograd/ops/activation.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "autograd/reference.h"
#include "core/philox.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

constexpr int64_t elements = 64;

// Twenty-four ops on tensors of 64 elements under one of three shapes; a few are fetched.
class RandomGraph {
 public:
  explicit RandomGraph(uint32_t seed) : random_(seed, 0, 0, RandomUse::test) {
    for (const char* name : {"x", "y"}) {
      pool_.push_back(graph.input(name, {DType::f32, {8, 8}}));
      std::vector<double>& values = feeds[name];
      for (int64_t i = 0; i < elements; ++i) values.push_back(random_.uniform(-1, 1));
    }
    for (int i = 0; i < 24; ++i) pool_.push_back(next());
    for (int i = 0; i < 3; ++i) fetches.push_back(any());
    fetches.push_back(pool_.back());
  }

  Graph graph;
  ReferenceFeeds feeds;
  std::vector<Tensor> fetches;

 private:
  Tensor any() { return pool_[random_.below(static_cast<uint32_t>(pool_.size()))]; }

  // Mostly one of the last few, so that values die early and their memory is used again.
  Tensor late() {
    const auto last = std::min<uint32_t>(static_cast<uint32_t>(pool_.size()), 4);
    return random_.below(4) == 0 ? any() : pool_[pool_.size() - 1 - random_.below(last)];
  }

  Tensor next() {
    const Tensor a = late();
    const Tensor b = reshape(late(), a.shape());
    switch (random_.below(9)) {
      case 0:
        return add(a, b);
      case 1:
        return mul(activate(a, Activation::sigmoid), b);
      case 2:
        return scale(a, 0.75);
      case 3:
        return activate(a, Activation::gelu);
      case 4:
        return activation_gradient(activate(a, Activation::sigmoid), b, Activation::gelu);
      case 5:
        return reshape(a, random_.below(2) == 0 ? Shape{elements} : Shape{4, 16});
      case 6:
        return pack({reshape(a, {elements})}, {0}, elements);
      case 7:
        return packed(a, b);
      default:
        return add(a, scale(mean(b, {0}), 0.5));
    }
  }

  // The mean of three packed tensors, some of them perhaps one and the same.
  Tensor packed(Tensor a, Tensor b) {
    const Tensor c = scale(b, 1.25);
    const Tensor all = pack({c, a, b}, {0, elements, 2 * elements}, 3 * elements);
    const Tensor half = scale(all, 0.5);
    if (random_.below(2) == 0) pool_.push_back(mul(c, c));
    return mean(reshape(half, {3, elements}), {0});
  }

  Random random_;
  std::vector<Tensor> pool_;
};

// The first difference from the references, in words; empty if there is none.
std::string difference_on(Device& device, uint32_t seed) {
  RandomGraph made(seed);
  Variables variables(device);
  Program program(made.graph, variables, made.fetches);
  std::map<std::string, std::vector<float>> floats;
  Feeds feeds;
  for (const std::string& name : program.inputs()) {
    floats[name].assign(made.feeds.at(name).begin(), made.feeds.at(name).end());
    feeds[name] = as_feed(floats[name]);
  }
  const auto expected = evaluate(made.graph, made.fetches, made.feeds);
  program.run(feeds);
  const uint64_t ticket = program.run(feeds);  // on memory that the first run left
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::vector<float> got = program.fetch(ticket, i);
    double largest = 0;
    for (const double value : expected[i]) largest = std::max(largest, std::fabs(value));
    for (size_t j = 0; j < expected[i].size(); ++j) {
      if (std::fabs(got.at(j) - expected[i][j]) <= 1e-3 * largest) continue;
      return fmt::format("graph {}, fetch {} at {}: {} against {}", seed, i, j, got[j],
                         expected[i][j]);
    }
  }
  return {};
}

}  // namespace

TEST_CASE("values_that_share_memory_do_not_disturb_each_other") {
  for_each_test_device([](Device& device) {
    const uint32_t graphs = device.info().backend == "cpu" ? 200 : 4;
    for (uint32_t seed = 0; seed < graphs; ++seed) CHECK(difference_on(device, seed) == "");
  });
}
