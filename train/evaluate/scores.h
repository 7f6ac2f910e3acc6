// Dot products for ranking. Ranks compare scores exactly, so the score of a pair must have the
// same bits wherever it is computed: every one is summed in the same order, four lanes wide.
#pragma once

#include <cstdint>
#include <cstring>

namespace tandem {

// out[i][t] = rows[i] . columns[t], each of `width` values; neither aligned.
template <int I, int T>
void score_tile(const float* const* rows, const float* const* columns, int64_t width,
                float (&out)[I][T]) {
  typedef float Lanes __attribute__((vector_size(16)));
  const auto load = [](const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  };
  Lanes sums[I][T] = {};
  int64_t e = 0;
  for (; e + 4 <= width; e += 4) {
    Lanes column[T];
    for (int t = 0; t < T; ++t) column[t] = load(columns[t] + e);
    for (int i = 0; i < I; ++i) {
      const Lanes row = load(rows[i] + e);
      for (int t = 0; t < T; ++t) sums[i][t] += row * column[t];
    }
  }
  for (int i = 0; i < I; ++i) {
    for (int t = 0; t < T; ++t) {
      const Lanes& lanes = sums[i][t];
      out[i][t] = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
      for (int64_t rest = e; rest < width; ++rest) out[i][t] += rows[i][rest] * columns[t][rest];
    }
  }
}

// The score of one pair.
inline float score(const float* a, const float* b, int64_t width) {
  float out[1][1];
  score_tile<1, 1>(&a, &b, width, out);
  return out[0][0];
}

}  // namespace tandem
