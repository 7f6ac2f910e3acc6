// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3", section 3.3). A value depends on its key and counter alone, so every device,
// thread count and order of evaluation draws the same numbers.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace tandem {

// Four 32-bit words for a 128-bit counter under a 64-bit key.
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                                      std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t low = uint64_t{0xD2511F53} * counter[0];
    const uint64_t high = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(high >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(high),
               static_cast<uint32_t>(low >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(low)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// What a random number is for; part of its counter, so that uses never share numbers.
enum class RandomUse : uint32_t {
  initialize,
  shuffle,
  augment,
  caption,
  dropout,
  sample,
  test,
  patches
};

// A sequence of random numbers for one (seed, step, sample, use). Copyable, no shared state.
class Random {
 public:
  Random(uint64_t seed, uint64_t step, uint32_t sample, RandomUse use)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
        counter_{0, static_cast<uint32_t>(step), sample,
                 static_cast<uint32_t>(use) ^ (static_cast<uint32_t>(step >> 32) << 8)} {}

  // 32 random bits.
  uint32_t bits() {
    if (used_ == 4) {
      words_ = philox(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return words_[used_++];
  }

  // The next bits() are those of that word of the sequence, counted from 0.
  void seek(uint64_t word) {
    counter_[0] = static_cast<uint32_t>(word / 4);
    words_ = philox(counter_, key_);
    ++counter_[0];
    used_ = static_cast<size_t>(word % 4);
  }

  // Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24f; }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }

  // Uniform in [0, count); count > 0.
  uint32_t below(uint32_t count) {
    return static_cast<uint32_t>((uint64_t{bits()} * count) >> 32);
  }

  // Standard normal (Box-Muller on two uniforms).
  float normal() {
    const double u = (static_cast<double>(bits()) + 1.0) * 0x1p-32;
    const double angle = 2.0 * std::numbers::pi * (static_cast<double>(bits()) * 0x1p-32);
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(angle));
  }

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> words_{};
  size_t used_ = 4;
};

}  // namespace tandem
