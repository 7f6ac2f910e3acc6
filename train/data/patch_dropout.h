// Which patches a picture keeps for one step: patch dropout's choice, made with the batch.
#pragma once

#include "core/philox.h"

#include <span>

namespace tandem {

// The tokens of a picture.
struct PictureTokens {
  int64_t patches = 0;
  bool class_token = true;  // stands before the patches

  int64_t before() const { return class_token ? 1 : 0; }
};

// Writes rows of the tokens of N pictures: of the one in `slot` its class token's, then, in
// ascending order, those of as many patches as there is room for, every choice equally likely.
// REQUIRES: kept.size() is at least the class token's 1 or 0, at most all tokens of a picture.
inline void keep_patches(Random random, int64_t slot, const PictureTokens& tokens,
                         std::span<int32_t> kept) {
  const int64_t before = tokens.before();
  const int64_t patches = tokens.patches;
  const auto first = static_cast<int32_t>(slot * (before + patches));
  if (tokens.class_token) kept[0] = first;
  // Selection sampling (Knuth, The Art of Computer Programming 2, section 3.4.2, algorithm S).
  auto taken = static_cast<size_t>(before);
  for (int64_t patch = 0; taken < kept.size(); ++patch) {
    const auto left = static_cast<uint32_t>(patches - patch);
    if (random.below(left) >= kept.size() - taken) continue;
    kept[taken++] = first + static_cast<int32_t>(before + patch);
  }
}

}  // namespace tandem
