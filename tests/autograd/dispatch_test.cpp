#include "autograd/ops/dispatch.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// What shaders/common/division.glsl computes.
uint32_t quotient(uint32_t n, const std::array<uint32_t, 2>& words) {
  const auto high = static_cast<uint32_t>(uint64_t{n} * words[0] >> 32);
  return words[0] == 0 ? n : high >> words[1];
}

}  // namespace

TEST_CASE("divisor_words_divide_exactly_around_multiples_up_to_the_limit") {
  constexpr uint32_t limit = (1u << 31) - 1;
  for (uint32_t divisor = 1; divisor < 70000; divisor += divisor < 300 ? 1 : 977) {
    for (const uint32_t d : {divisor, limit / divisor}) {
      const auto words = divisor_words(d);
      for (const uint64_t multiple : {uint64_t{0}, uint64_t{1}, uint64_t{7}, uint64_t{limit} / d}) {
        for (int64_t n = static_cast<int64_t>(multiple * d) - 1, i = 0; i < 3; ++i, ++n) {
          if (n < 0 || n > int64_t{limit}) continue;
          CAPTURE(d);
          CAPTURE(n);
          REQUIRE(quotient(static_cast<uint32_t>(n), words) == static_cast<uint32_t>(n / d));
        }
      }
    }
  }
}

TEST_CASE("a_dispatch_beyond_the_binding_limit_is_cut_into_ranges_that_meet") {
  DeviceInfo device;
  device.max_storage_range = 10000;
  Dispatch dispatch;
  dispatch.buffers = {BufferRange{nullptr, 256, 20000}};
  const std::vector<Dispatch> parts = elementwise_dispatches(device, dispatch, 5000, 512);
  REQUIRE(parts.size() == 3);
  size_t end = 256;
  for (const Dispatch& part : parts) {
    CHECK(part.buffers[0].offset == end);
    CHECK(part.buffers[0].bytes <= device.max_storage_range);
    CHECK(part.push.back() * 4 == part.buffers[0].bytes);
    end += part.buffers[0].bytes;
  }
  CHECK(end == 256 + 20000);
}
