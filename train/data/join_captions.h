// One caption made of several of a row's, so that words of one meet those of another.
#pragma once

#include "core/philox.h"

#include <cstdint>
#include <span>
#include <string>

namespace tandem {

// The first caption among 1 to most - 1 of the others, all in random order, with commas between:
// "fruit, lemon, citrus". The others are drawn evenly, none twice; a row without others gives its
// first. REQUIRES: at least one caption, most >= 2.
std::string joined_captions(std::span<const std::string> captions, int64_t most, Random& random);

}  // namespace tandem
