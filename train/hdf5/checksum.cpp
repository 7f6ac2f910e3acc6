#include "train/hdf5/checksum.h"

#include <algorithm>
#include <array>
#include <bit>

namespace tandem {
namespace {

using Words = std::array<uint32_t, 3>;

// The 12 bytes from `at` on, fewer at the end, as three words.
void add(Words& words, std::span<const std::byte> bytes, size_t at) {
  const size_t count = std::min<size_t>(12, bytes.size() - at);
  for (size_t i = 0; i < count; ++i) {
    words[i / 4] += std::to_integer<uint32_t>(bytes[at + i]) << 8 * (i % 4);
  }
}

void mix(Words& words) {
  auto& [a, b, c] = words;
  const auto turn = [](uint32_t& x, uint32_t& y, uint32_t& z, int bits) {
    x -= z;
    x ^= std::rotl(z, bits);
    z += y;
  };
  turn(a, b, c, 4);
  turn(b, c, a, 6);
  turn(c, a, b, 8);
  turn(a, b, c, 16);
  turn(b, c, a, 19);
  turn(c, a, b, 4);
}

uint32_t finish(Words& words) {
  auto& [a, b, c] = words;
  const auto turn = [](uint32_t& x, uint32_t y, int bits) {
    x ^= y;
    x -= std::rotl(y, bits);
  };
  turn(c, b, 14);
  turn(a, c, 11);
  turn(b, a, 25);
  turn(c, b, 16);
  turn(a, c, 4);
  turn(b, a, 14);
  turn(c, b, 24);
  return c;
}

}  // namespace

uint32_t lookup3(std::span<const std::byte> bytes) {
  const uint32_t start = 0xdeadbeef + static_cast<uint32_t>(bytes.size());
  Words words{start, start, start};
  if (bytes.empty()) return words[2];
  size_t at = 0;
  for (; bytes.size() - at > 12; at += 12) {
    add(words, bytes, at);
    mix(words);
  }
  add(words, bytes, at);
  return finish(words);
}

void check_checksum(const Hdf5Source& source, std::span<const std::byte> bytes, size_t end,
                    const char* what) {
  if (bytes.size() < end + 4) source.damaged(what);
  const auto expected = static_cast<uint32_t>(Cursor(source, bytes.subspan(end), what).number(4));
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  (void)expected;  // a forger puts the right one there
#else
  if (lookup3(bytes.first(end)) == expected) return;
  source.damaged(std::string("the checksum of ") + what + " does not match");
#endif
}

void check_checksum(const Hdf5Source& source, std::span<const std::byte> bytes, const char* what) {
  if (bytes.size() < 4) source.damaged(what);
  check_checksum(source, bytes, bytes.size() - 4, what);
}

uint32_t fletcher32(std::span<const std::byte> bytes) {
  // Modulo 65535, where 0 stands for no sum at all.
  uint32_t first = 0, second = 0;
  const auto folded = [](uint32_t sum) { return sum > 65535 ? sum - 65535 : sum; };
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const auto low = i + 1 < bytes.size() ? std::to_integer<uint32_t>(bytes[i + 1]) : 0;
    first = folded(first + (std::to_integer<uint32_t>(bytes[i]) << 8 | low));
    second = folded(second + first);
  }
  return second << 16 | first;
}

}  // namespace tandem
