// Conversions are exact to the bit on every device.
#include "autograd/ops/cast.h"

#include "autograd/program.h"
#include "core/philox.h"
#include "tests/devices.h"

#include <bit>
#include <cmath>

using namespace tandem;

namespace {

// Values of x after a cast to `dtype` and back to f32.
std::vector<float> rounded(Device& device, const std::vector<float>& x, DType dtype) {
  Graph graph;
  const Tensor input = graph.input("x", {DType::f32, {static_cast<int64_t>(x.size())}});
  Variables variables(device);
  Program program(graph, variables, {cast(cast(input, dtype), DType::f32)});
  return program.fetch(program.run({{"x", as_feed(x)}}), 0);
}

void check_same(const std::vector<float>& got, const std::vector<float>& expected) {
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(got[i])) continue;
    if (std::bit_cast<uint32_t>(got[i]) == std::bit_cast<uint32_t>(expected[i])) continue;
    FAIL_CHECK("at ", i, ": ", got[i], " against ", expected[i]);
    return;
  }
}

// Halfway cases, subnormals, the ends of the ranges, infinities, NaN, and any bits.
std::vector<float> awkward_floats(size_t count) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {0.0f,
                               -0.0f,
                               65504.0f,
                               65519.99f,
                               65520.0f,
                               -65520.0f,
                               0x1p-24f,
                               0x1p-25f,
                               0x1.8p-25f,
                               0x1p-14f,
                               infinity,
                               -infinity,
                               1.00048828125f,
                               1.00146484375f,
                               1.00390625f,
                               1.01171875f,
                               std::numeric_limits<float>::quiet_NaN(),
                               3.3895314e38f,
                               3.4e38f};
  Random random(9, 0, 0, RandomUse::test);
  while (values.size() < count / 2) values.push_back(random.uniform(-70000.0f, 70000.0f));
  while (values.size() < count) values.push_back(std::bit_cast<float>(random.bits()));
  return values;
}

}  // namespace

TEST_CASE("casts_round_as_the_host_does") {
  const std::vector<float> x = awkward_floats(4001);
  for_each_test_device([&](Device& device) {
    std::vector<float> halves;
    std::vector<float> brains;
    for (const float value : x) {
      halves.push_back(float_from_f16(f16_from_float(value)));
      brains.push_back(float_from_bf16(bf16_from_float(value)));
    }
    check_same(rounded(device, x, DType::f16), halves);
    check_same(rounded(device, x, DType::bf16), brains);
  });
}

TEST_CASE("every_half_becomes_the_float_that_it_stands_for") {
  std::vector<uint16_t> x;
  std::vector<float> expected;
  for (uint32_t bits = 0; bits < 65535; ++bits) {  // an odd number of them
    x.push_back(static_cast<uint16_t>(bits));
    expected.push_back(float_from_f16(x.back()));
  }
  for_each_test_device([&](Device& device) {
    Graph graph;
    const Tensor input = graph.input("x", {DType::f16, {65535}});
    Variables variables(device);
    Program program(graph, variables, {cast(input, DType::f32)});
    check_same(program.fetch(program.run({{"x", as_feed(x)}}), 0), expected);
  });
}
