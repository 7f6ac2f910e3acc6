// CPU kernels' special values, and that results do not depend on the number of threads.
#include "core/cpu/elementwise.h"
#include "core/cpu/embedding.h"
#include "core/cpu/optimizer.h"
#include "core/cpu/reduce.h"
#include "core/philox.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace tandem;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// Every value at every place of a vector and of its tail.
void check_unary(UnaryKind kind, float (*expected)(float), const std::vector<float>& values) {
  for (const float value : values) {
    const std::vector<float> x(37, value);
    std::vector<float> y(x.size());
    cpu_unary(kind, x.data(), 1.0f, y.data(), static_cast<int64_t>(x.size()));
    const float right = expected(value);
    for (size_t i = 0; i < y.size(); ++i) {
      CAPTURE(value);
      CAPTURE(i);
      CAPTURE(y[i]);
      CAPTURE(right);
      if (std::isnan(right)) {
        CHECK(std::isnan(y[i]));
      } else if (std::isinf(right) || right == 0) {
        CHECK(y[i] == right);
      } else {
        CHECK(std::fabs(y[i] - right) <= 3e-7f * std::fabs(right) + 1e-44f);
      }
    }
  }
}

std::vector<float> random_floats(size_t count) {
  Random random(2, 0, 0, RandomUse::test);
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(-1.0f, 1.0f);
  return values;
}

}  // namespace

TEST_CASE("exp_log_and_sqrt_treat_special_values_as_the_standard_library_does") {
  const std::vector<float> values = {0.0f,   -0.0f, 1.0f,     -1.0f,     88.7f,
                                     89.0f,  1e30f, -80.0f,   -200.0f,   1e-30f,
                                     1e-40f, 3e38f, infinity, -infinity, nan_value};
  check_unary(
      UnaryKind::exp, [](float x) { return std::exp(x); }, values);
  check_unary(
      UnaryKind::log, [](float x) { return std::log(x); }, values);
  check_unary(
      UnaryKind::sqrt, [](float x) { return std::sqrt(x); }, values);
}

TEST_CASE("sums_have_the_same_bits_on_any_number_of_threads") {
  const std::vector<float> x = random_floats(3 * 1111 * 70);
  for (const ReduceSize& size : {ReduceSize{3, 1111, 70}, ReduceSize{1, 3 * 1111 * 70, 1}}) {
    std::vector<std::vector<float>> results;
    for (const int count : {1, 2, 5}) {
      Threads threads(count);
      std::vector<float> y(static_cast<size_t>(size.outer * size.inner));
      std::vector<float> scratch(static_cast<size_t>(cpu_sum_scratch(size)) + 1);
      cpu_sum(threads, size, x.data(), 1.0f, y.data(), scratch.data());
      results.push_back(y);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
  }
}

TEST_CASE("the_embeddings_gradient_has_the_same_bits_on_any_number_of_threads") {
  constexpr int64_t positions = 500;
  std::vector<int32_t> ids(positions);
  std::vector<int32_t> order(positions);
  for (int32_t i = 0; i < positions; ++i) {
    order[static_cast<size_t>(i)] = i;
    ids[static_cast<size_t>(i)] = i < 300 ? 1 : 2 + i % 3;
  }
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return ids[static_cast<size_t>(a)] < ids[static_cast<size_t>(b)];
  });
  const std::vector<float> dy = random_floats(positions * 19);
  std::vector<std::vector<float>> results;
  for (const int count : {1, 3}) {
    Threads threads(count);
    std::vector<float> table(6 * 19, nan_value);
    std::vector<float> scratch(static_cast<size_t>(embedding_gradient_scratch(positions, 19)));
    cpu_embedding_gradient(threads, 6, positions, 19, ids.data(), order.data(), dy.data(),
                           table.data(), scratch.data());
    results.push_back(table);
  }
  CHECK(results[0] == results[1]);
  CHECK(results[0][0] == 0.0f);  // an id that does not occur
}

TEST_CASE("the_norm_has_the_same_bits_on_any_number_of_threads") {
  const std::vector<float> g = random_floats(64 * 900);
  std::vector<int32_t> blocks;
  for (int32_t i = 0; i < 900; ++i) blocks.insert(blocks.end(), {0, 64 - i % 3});
  std::vector<float> norms;
  for (const int count : {1, 4}) {
    Threads threads(count);
    std::vector<double> scratch(static_cast<size_t>(cpu_norm_scratch(64 * 900)));
    norms.push_back(0);
    const float loss = 1;
    cpu_norm(threads, 64 * 900, g.data(), blocks.data(), &loss, &norms.back(), scratch.data());
  }
  CHECK(norms[0] == norms[1]);
}
