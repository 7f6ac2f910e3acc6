// Which patches a picture keeps for one step: patch dropout's choice, made with the batch.
#pragma once

#include "core/philox.h"

#include <span>

namespace tandem {

// Writes rows of the tokens [N (1 + patches)]: of the sample in `slot` its class token's, then, in
// ascending order, those of kept.size() - 1 of its patches, every choice of them equally likely.
// REQUIRES: 1 <= kept.size() <= 1 + patches.
inline void keep_patches(Random random, int64_t slot, int64_t patches, std::span<int32_t> kept) {
  const auto first = static_cast<int32_t>(slot * (1 + patches));
  kept[0] = first;
  // Selection sampling (Knuth, The Art of Computer Programming 2, section 3.4.2, algorithm S).
  size_t taken = 1;
  for (int64_t patch = 0; taken < kept.size(); ++patch) {
    const auto left = static_cast<uint32_t>(patches - patch);
    if (random.below(left) >= kept.size() - taken) continue;
    kept[taken++] = first + 1 + static_cast<int32_t>(patch);
  }
}

}  // namespace tandem
