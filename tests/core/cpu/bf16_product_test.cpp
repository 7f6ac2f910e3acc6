#include "core/cpu/bf16_product.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tandem;

TEST_CASE("a_bf16_product_keeps_to_the_rows_that_it_is_given") {
  if (!multiplies_bf16()) {
    MESSAGE("not tested: this processor does not multiply bf16");
    return;
  }
  constexpr uint16_t two = 0x4000;
  constexpr int64_t m = 5, k = 7, stride = 4;
  for (const int64_t n : {1, 2, 3}) {
    CAPTURE(n);
    const Bf16Product product(
        {.m = m, .n = n, .k = k, .stride_a = k, .stride_b = n, .stride_y = stride});
    const std::vector<uint16_t> a(m * k, two);
    const std::vector<uint16_t> b(static_cast<size_t>(k * n), two);
    std::vector<float> y(m * stride, -1.0f);
    REQUIRE(product.run(a.data(), b.data(), y.data()));
    for (size_t i = 0; i < y.size(); ++i) {
      CHECK(y[i] == (static_cast<int64_t>(i) % stride < n ? 4.0f * k : -1.0f));
    }
  }
}
