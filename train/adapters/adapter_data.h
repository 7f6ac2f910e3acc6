// What an adapter on features learns from, chooses on and is tested on.
#pragma once

#include "train/config/run_config.h"
#include "train/features/feature_set.h"

#include <optional>
#include <string>
#include <vector>

namespace tandem {

struct AdapterData {
  FeatureSet set;
  int64_t classes = 0;               // K that are learnt; labels below are in [0, K)
  std::vector<float> class_texts;    // [K, E], unit rows; empty: there are none
  LabelledRows train;                // empty for zero-shot without shots
  LabelledRows validation;           // may be empty
  LabelledRows test;
  LabelledRows fresh;                // with base_to_new: test pictures of the other classes, whose
  std::vector<float> fresh_texts;    // labels count from 0, and their texts
  std::string fingerprint;           // of the features (fingerprint_of)
  std::shared_ptr<const FeatureRows> keys;  // [train rows, E] averaged over augmented passes, or
                                            // null: those of `train`

  int64_t width() const { return set.images->width(); }
  std::string class_name(int64_t index) const { return set.class_name(index); }
};

// Draws or opens the splits of a set of features as data.split and data.few_shot say. Throws
// ConfigError where a split is not there, nothing is left to test, something would be chosen or
// tested on what was learnt, a class has fewer pictures than shots, or a class that is tested has
// none to learn from.
AdapterData split_features(FeatureSet set, const RunConfig& config);

// Names the features by their contents: the width, the class texts and up to 4096 pictures.
std::string fingerprint_of(const FeatureSet& set);

}  // namespace tandem
