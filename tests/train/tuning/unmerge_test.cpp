// Merged weights without the adapter again, by the adapter alone.
#include "core/error.h"
#include "core/philox.h"
#include "train/tuning/deltas.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

const std::string layer = "transformer.resblocks.0.attn.";

NamedTensor random_tensor(const std::string& name, const Shape& shape, double size) {
  Random random(4, 0, static_cast<uint32_t>(name.size()), RandomUse::test);
  NamedTensor tensor{name, shape, {}};
  for (int64_t i = 0; i < shape.elements(); ++i) {
    tensor.values.push_back(static_cast<float>(size) * random.uniform(-1, 1));
  }
  return tensor;
}

std::vector<NamedTensor> base() {
  return {random_tensor(layer + "in_proj_weight", {24, 8}, 0.5),
          random_tensor(layer + "in_proj_bias", {24}, 0.5)};
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b, size_t first,
                          size_t last) {
  double largest = 0;
  for (size_t i = first; i < last; ++i) largest = std::max(largest, std::fabs(double{a[i]} - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("lora_comes_out_of_merged_weights_to_rounding_and_leaves_the_rest_alone") {
  const Adaptation adaptation{.lora = {.rank = 2, .alpha = 3}};
  const std::vector<NamedTensor> lora{random_tensor(layer + "k.lora_A", {2, 8}, 1),
                                      random_tensor(layer + "k.lora_B", {8, 2}, 0.7)};
  const std::vector<NamedTensor> whole = merged(base(), lora, adaptation);
  const Unmerged back = unmerged(whole, lora, adaptation);
  const std::vector<float> was = base()[0].values;
  CHECK(largest_difference(whole[0].values, was, 64, 128) > 0.1);
  CHECK(largest_difference(back.tensors[0].values, was, 64, 128) <= back.error);
  CHECK(back.error <= 3e-7);
  CHECK(back.error > 0);
  CHECK(largest_difference(back.tensors[0].values, was, 0, 64) == 0);
  CHECK(largest_difference(back.tensors[0].values, was, 128, 192) == 0);
  CHECK(back.tensors[1].values == base()[1].values);
}

TEST_CASE("factors_come_out_of_weights_and_biases") {
  const std::vector<NamedTensor> factors{random_tensor(layer + "v.ia3", {8}, 2)};
  const std::vector<NamedTensor> whole = merged(base(), factors, {});
  const Unmerged back = unmerged(whole, factors, {});
  for (const size_t i : {0, 1}) {
    const std::vector<float> was = base()[i].values;
    CHECK(largest_difference(whole[i].values, was, 0, was.size()) > 0.1);
    CHECK(largest_difference(back.tensors[i].values, was, 0, was.size()) <= back.error);
  }
}

TEST_CASE("what_no_computation_gives_back_is_refused_by_name") {
  const std::vector<NamedTensor> trained{random_tensor(layer + "in_proj_bias", {24}, 1)};
  CHECK_THROWS_WITH_AS(unmerged(base(), trained, {}), doctest::Contains("is a trained parameter"),
                       ConfigError);
  const std::vector<NamedTensor> dora{random_tensor(layer + "k.lora_magnitude", {8}, 1)};
  CHECK_THROWS_WITH_AS(unmerged(base(), dora, {}), doctest::Contains("sets the lengths"),
                       ConfigError);
  NamedTensor zero = random_tensor(layer + "v.ia3", {8}, 2);
  zero.values[3] = 0;
  CHECK_THROWS_WITH_AS(unmerged(base(), {zero}, {}), doctest::Contains("has factors of zero"),
                       ConfigError);
}
