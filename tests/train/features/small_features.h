// Features small enough to see through: classes are directions, pictures are near theirs.
#pragma once

#include "core/philox.h"
#include "train/features/feature_set.h"
#include "train/features/feature_writer.h"

#include <memory>
#include <string>
#include <vector>

namespace tandem::test {

inline std::vector<float> random_values(size_t count, uint64_t seed) {
  Random random(seed, 0, 0, RandomUse::test);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

// Picture i is of class i % classes: that axis, and noise. Width 8.
inline LabelledRows noisy_rows(int64_t pictures, int64_t classes, float noise, uint64_t seed) {
  LabelledRows rows;
  std::vector<float> values = random_values(static_cast<size_t>(pictures * 8), seed);
  for (float& value : values) value *= noise;
  for (int64_t i = 0; i < pictures; ++i) {
    values[static_cast<size_t>(i * 8 + i % classes)] += 1;
    rows.rows.push_back(i);
    rows.labels.push_back(static_cast<int32_t>(i % classes));
  }
  rows.features = std::make_shared<MemoryRows>(std::move(values), 8, "noisy");
  return rows;
}

// Twelve pictures of three classes in the splits train (6), val (3) and test (3); the last has no
// label. Picture i and class i % 3 are the same axis; picture i has the caption i.
inline void write_small_features(const std::string& path) {
  std::vector<float> images, classes;
  std::vector<int32_t> labels, of;
  std::vector<std::string> splits;
  for (int i = 0; i < 12; ++i) {
    for (int e = 0; e < 3; ++e) images.push_back(e == i % 3 ? 2.0f : 0.01f * static_cast<float>(i));
    labels.push_back(i == 11 ? -1 : i % 3);
    splits.push_back(i < 6 ? "train" : i < 9 ? "val" : "test");
    of.push_back(i);
  }
  for (int i = 0; i < 9; ++i) classes.push_back(i % 4 == 0 ? 1.0f : 0.0f);
  FeatureWriter file(path);
  file.begin_rows("image_features", 12, 3);
  file.append(std::span(images).first(15));
  file.append(std::span(images).subspan(15));
  file.begin_rows("text_features", 12, 3);
  file.append(images);
  file.begin_rows("class_text_features", 3, 3);
  file.append(classes);
  file.texts("class_names", {"cat", "dog", "owl"});
  file.texts("split", splits);
  file.integers("labels", labels);
  file.integers("caption_image", of);
  file.finish();
}

}  // namespace tandem::test
