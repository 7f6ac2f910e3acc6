#include "train/data/join_captions.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace tandem {
namespace {

// Shuffles the first `count` of the indices with what stands behind them (Fisher & Yates).
void draw_first(std::vector<size_t>& indices, size_t count, Random& random) {
  for (size_t i = 0; i < count; ++i) {
    const auto left = static_cast<uint32_t>(indices.size() - i);
    std::swap(indices[i], indices[i + random.below(left)]);
  }
}

}  // namespace

std::string joined_captions(std::span<const std::string> captions, int64_t most, Random& random) {
  if (captions.size() == 1) return captions[0];
  std::vector<size_t> drawn(captions.size() - 1);
  std::iota(drawn.begin(), drawn.end(), size_t{1});
  const size_t wanted = 1 + random.below(static_cast<uint32_t>(most - 1));
  const size_t count = std::min(wanted, drawn.size());
  draw_first(drawn, count, random);
  drawn.resize(count);
  drawn.insert(drawn.begin() + random.below(static_cast<uint32_t>(count + 1)), 0);
  std::vector<std::string> texts;
  for (const size_t i : drawn) texts.push_back(captions[i]);
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace tandem
