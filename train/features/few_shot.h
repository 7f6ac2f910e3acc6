// The few-shot protocol (Zhou et al. 2022, CoOp, section 4.1): k pictures a class to learn from and
// min(k, 4) to choose on, drawn by a seed; the rest is for testing.
#pragma once

#include "train/features/feature_set.h"

namespace tandem {

struct FewShot {
  LabelledRows train;       // k a class
  LabelledRows validation;  // so many a class, fewer where a class has no more
  LabelledRows rest;
};

// Classes are those that have pictures. Each class's draw depends on the seed, the class and its
// own pictures alone. Rows keep their order. validation_shots 0: min(shots, 4). Throws ConfigError
// where a class has fewer pictures than shots.
FewShot draw_shots(const LabelledRows& pictures, const FeatureSet& set, int64_t shots,
                   uint64_t seed, int64_t validation_shots = 0);

}  // namespace tandem
