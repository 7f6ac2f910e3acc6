#include "autograd/tuning.h"

#include "autograd/ops/attention.h"
#include "autograd/ops/attention_vulkan.h"
#include "autograd/ops/matmul_design.h"
#include "autograd/program.h"
#include "autograd/reference.h"
#include "core/philox.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

constexpr MatmulShape product{.m = 100, .n = 200, .k = 300, .transpose_b = true};

// Tuned kernels of a device for as long as it lives.
class Tuned {
 public:
  Tuned(const DeviceInfo& device, const std::string& what, const std::string& variant)
      : device_(device), before_(kernel_traits(device)) {
    KernelTraits traits = before_;
    traits.tuned = {{what, variant}};
    set_kernel_traits(device, traits);
  }
  ~Tuned() { set_kernel_traits(device_, before_); }

 private:
  DeviceInfo device_;
  KernelTraits before_;
};

MatmulDesign design_for(const MatmulShape& shape, const DeviceInfo& device) {
  return choose_variant(shape, {}, device, MatmulDesign::automatic).design;
}

// Attention of two heads of 16 and its gradient, on the device and by the references.
struct Attention {
  Graph graph;
  std::vector<Tensor> fetches;
  std::vector<float> values = std::vector<float>(2 * 19 * 96);

  Attention() {
    const Tensor qkv = graph.input("qkv", {DType::f32, {2, 19, 96}});
    fetches.push_back(attention(qkv, 2, true));
    fetches.push_back(gradients({fetches[0]}, {fetches[0]}, {qkv})[0]);
    Random random(1, 0, 0, RandomUse::test);
    for (float& value : values) value = random.uniform(-1, 1);
  }

  double largest_error(Device& device) {
    Variables variables(device);
    Program program(graph, variables, fetches);
    const uint64_t ticket = program.run({{"qkv", as_feed(values)}});
    ReferenceFeeds feeds{{"qkv", {values.begin(), values.end()}}};
    const auto expected = evaluate(graph, fetches, feeds);
    double largest = 0;
    for (size_t i = 0; i < fetches.size(); ++i) {
      const std::vector<float> got = program.fetch(ticket, i);
      for (size_t j = 0; j < got.size(); ++j) {
        const double error = std::fabs(got[j] - expected[i][j]);
        if (!(error <= largest)) largest = error;
      }
    }
    return largest;
  }
};

}  // namespace

TEST_CASE("a_product_is_given_the_design_that_was_tuned_for_its_like") {
  for_each_vulkan_device([](Device& device) {
    const DeviceInfo& info = device.info();
    const Tunable tunable = tunable_product(product, {}, info);
    REQUIRE(tunable.variants.size() >= 2);
    const MatmulDesign rule = design_for(product, info);
    for (const std::string& variant : tunable.variants) {
      const Tuned tuned(info, tunable.what, variant);
      CHECK(name_of(design_for(product, info)) == variant);
      MatmulShape other = product;
      other.m = 126;
      CHECK(name_of(design_for(other, info)) == variant);
      other.transpose_b = false;
      CHECK(design_for(other, info) == rule);
    }
    const Tuned unknown(info, tunable.what, "no design");
    CHECK(design_for(product, info) == rule);
  });
}

TEST_CASE("attention_gives_the_same_with_every_tuned_tiling") {
  for_each_vulkan_device([](Device& device) {
    const DeviceInfo& info = device.info();
    const cpu::AttentionShape shape{
        .samples = 2, .tokens = 19, .heads = 2, .width = 16, .causal = true};
    for (const bool gradient : {false, true}) {
      const Tunable tunable = tunable_attention(shape, gradient, info);
      CHECK(tunable.variants.size() >= 2);
      for (const std::string& variant : tunable.variants) {
        INFO(tunable.what, ": ", variant);
        const Tuned tuned(info, tunable.what, variant);
        CHECK(Attention().largest_error(device) <= 1e-4);
      }
    }
  });
}

TEST_CASE("the_choices_of_a_plan_are_those_of_its_products_and_attention") {
  for_each_vulkan_device([](Device& device) {
    const Attention graph;
    Plan plan = make_plan(graph.graph, graph.fetches, false);
    place_values(plan, device.info());
    for (const Node& node : plan.nodes) {
      const Tunable tunable = tunable_of(plan, node, device.info());
      CHECK(tunable.variants.empty() == !node.op->name.starts_with("attention"));
    }
  });
}
