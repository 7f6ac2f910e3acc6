#include "core/shape.h"

#include "core/dtype.h"
#include "core/error.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

TEST_CASE("broadcast_follows_numpy") {
  CHECK(broadcast({2, 1, 4}, {3, 1}, "add") == Shape{2, 3, 4});
  CHECK(broadcast({}, {5}, "add") == Shape{5});
  CHECK_THROWS_WITH_AS(broadcast({2, 3}, {2, 4}, "add"),
                       "add: [2, 3] and [2, 4] do not broadcast: axis 1 is 3 against 4.",
                       ShapeError);
}

TEST_CASE("every_half_survives_the_way_through_float") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = float_from_f16(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    REQUIRE(f16_from_float(value) == bits);
  }
}

TEST_CASE("bf16_rounds_to_nearest_even") {
  CHECK(bf16_from_float(1.0f) == 0x3f80);
  CHECK(bf16_from_float(1.00390625f) == 0x3f80);  // half way, down to even
  CHECK(bf16_from_float(1.01171875f) == 0x3f82);  // half way, up to even
  CHECK(std::isnan(float_from_bf16(bf16_from_float(NAN))));
}
