// Zero-shot classification (Radford et al. 2021, section 3.1): a picture is of the class whose
// text is most similar to it.
#pragma once

#include "train/features/feature_set.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tandem {

// The rank of every picture's right class among `classes` [K, E], unit rows. Pictures are read a
// chunk at a time. The same features give the same ranks for any number of threads (0: one a
// core). Throws DataError where widths differ.
std::vector<int32_t> zero_shot_ranks(const LabelledRows& pictures, std::span<const float> classes,
                                     int threads = 0);

}  // namespace tandem
