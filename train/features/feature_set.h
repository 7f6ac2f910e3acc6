// What a file of features holds, checked to fit together, and its rows by split.
#pragma once

#include "train/features/feature_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tandem {

struct FeatureSet {
  // Those that only labels tell of may be more where there are as many pictures. ImageNet-21k has
  // 21,843.
  static constexpr int64_t most_unnamed_classes = 25'000;

  std::string source;                              // in errors
  std::shared_ptr<const FeatureRows> images;       // [N, E]
  std::vector<int32_t> labels;                     // [N], -1 for none; empty: there are none
  std::vector<std::string> splits;                 // [N]; empty: all rows are one split
  std::vector<std::string> class_names;            // [K]; empty: there are none
  std::shared_ptr<const FeatureRows> class_texts;  // [K, E] or null
  std::shared_ptr<const FeatureRows> texts;        // [M, E] or null
  std::vector<int32_t> caption_image;              // [M], with texts

  // K: of the names, else one more than the largest label.
  int64_t classes() const;
  std::string class_name(int64_t index) const;  // its number where there are no names
};

// Reads all but the features, which stay in the file. Throws DataError where lengths, widths,
// labels or caption_image do not fit, or labels alone make more classes than most_unnamed_classes
// and than there are pictures; ConfigError where class names lack features.
FeatureSet read_feature_set(const std::string& path, const FeatureNames& names = {});

// Rows of a feature set in some order, each with its class.
struct LabelledRows {
  std::shared_ptr<const FeatureRows> features;
  std::vector<int64_t> rows;    // in features
  std::vector<int32_t> labels;  // [rows]

  int64_t size() const { return static_cast<int64_t>(rows.size()); }

  // Rows [begin, begin + count): out becomes [count, E], of unit length.
  void read(int64_t begin, int64_t count, std::vector<float>& out) const {
    const std::span<const int64_t> all(rows);
    features->read(all.subspan(static_cast<size_t>(begin), static_cast<size_t>(count)), out);
  }

  LabelledRows operator+(const LabelledRows& more) const;  // of the same features
};

// The rows of a split, in order; "" names the whole of a set without splits. Throws ConfigError
// for a split that is not there, naming those that are.
std::vector<int64_t> rows_of_split(const FeatureSet& set, const std::string& split);

// Those that have a label. Throws ConfigError as above, and where no row has one.
LabelledRows labelled_rows(const FeatureSet& set, const std::string& split);

}  // namespace tandem
