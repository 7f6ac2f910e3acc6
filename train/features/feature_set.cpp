#include "train/features/feature_set.h"

#include "core/error.h"

#include <algorithm>
#include <map>

namespace tandem {
namespace {

void check_length(const FeatureFile& file, const char* name, size_t length, int64_t expected,
                  const char* of) {
  if (static_cast<int64_t>(length) == expected) return;
  fail<DataError>("{} has {} rows; {} has {}, and both must be as long.", file.described(name),
                  length, of, expected);
}

void check_width(const FeatureFile& file, const char* name, const FeatureRows& rows,
                 int64_t expected) {
  if (rows.width() == expected) return;
  fail<DataError>("{} has features of width {}, but image_features of {}; take both from one "
                  "model.",
                  file.described(name), rows.width(), expected);
}

void check_range(const FeatureFile& file, const char* name, const std::vector<int32_t>& values,
                 int32_t least, int64_t count, const char* what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= least && values[i] < count) continue;
    fail<DataError>("{} has the value {} in row {}, but there are {} {}.", file.described(name),
                    values[i], i, count, what);
  }
}

void read_classes(const FeatureFile& file, FeatureSet& set) {
  if (file.has("class_names")) set.class_names = file.texts("class_names");
  if (!file.has("class_text_features")) return;
  set.class_texts = file.rows("class_text_features");
  check_width(file, "class_text_features", *set.class_texts, set.images->width());
  const auto named = static_cast<int64_t>(set.class_names.size());
  if (named > set.class_texts->rows()) {
    fail<ConfigError>("{}: class '{}' has no features; class_text_features has {} rows.",
                      set.source, set.class_names[static_cast<size_t>(set.class_texts->rows())],
                      set.class_texts->rows());
  }
  if (named > 0) {
    check_length(file, "class_text_features", static_cast<size_t>(set.class_texts->rows()), named,
                 "class_names");
  }
}

// One stray label would make as many classes, each with weights of its own.
void check_unnamed_classes(const FeatureFile& file, const FeatureSet& set) {
  if (!set.class_names.empty() || set.class_texts) return;
  const auto largest = std::max_element(set.labels.begin(), set.labels.end());
  const int64_t most = std::max(FeatureSet::most_unnamed_classes, set.images->rows());
  if (largest == set.labels.end() || *largest < most) return;
  fail<DataError>("{} has the value {} in row {}, so that there would be {} classes of {} "
                  "pictures; number classes from 0 without gaps, or add class_names.",
                  file.described("labels"), *largest, largest - set.labels.begin(), set.classes(),
                  set.images->rows());
}

}  // namespace

int64_t FeatureSet::classes() const {
  if (!class_names.empty()) return static_cast<int64_t>(class_names.size());
  if (class_texts) return class_texts->rows();
  return labels.empty() ? 0 : int64_t{1} + *std::max_element(labels.begin(), labels.end());
}

std::string FeatureSet::class_name(int64_t index) const {
  return class_names.empty() ? std::to_string(index) : class_names[static_cast<size_t>(index)];
}

FeatureSet read_feature_set(const std::string& path, const FeatureNames& names) {
  const FeatureFile file(path, names);
  FeatureSet set;
  set.source = path;
  set.images = file.rows("image_features");
  const int64_t N = set.images->rows();
  read_classes(file, set);
  if (file.has("split")) {
    set.splits = file.texts("split");
    check_length(file, "split", set.splits.size(), N, "image_features");
  }
  if (file.has("labels")) {
    set.labels = file.integers("labels");
    check_length(file, "labels", set.labels.size(), N, "image_features");
    check_unnamed_classes(file, set);
    check_range(file, "labels", set.labels, -1, set.classes(), "classes");
  }
  if (file.has("text_features")) {
    set.texts = file.rows("text_features");
    check_width(file, "text_features", *set.texts, set.images->width());
    set.caption_image = file.integers("caption_image");
    check_length(file, "caption_image", set.caption_image.size(), set.texts->rows(),
                 "text_features");
    check_range(file, "caption_image", set.caption_image, 0, N, "pictures");
  }
  return set;
}

LabelledRows LabelledRows::operator+(const LabelledRows& more) const {
  LabelledRows both = *this;
  both.rows.insert(both.rows.end(), more.rows.begin(), more.rows.end());
  both.labels.insert(both.labels.end(), more.labels.begin(), more.labels.end());
  return both;
}

std::vector<int64_t> rows_of_split(const FeatureSet& set, const std::string& split) {
  if (set.splits.empty() && !split.empty()) {
    fail<ConfigError>("{}: there is no split '{}'; the file has no data set 'split'.", set.source,
                      split);
  }
  std::vector<int64_t> rows;
  std::map<std::string, int64_t> counts;
  for (int64_t row = 0; row < set.images->rows(); ++row) {
    if (!set.splits.empty()) {
      const std::string& own = set.splits[static_cast<size_t>(row)];
      ++counts[own];
      if (own != split) continue;
    }
    rows.push_back(row);
  }
  if (!rows.empty()) return rows;
  std::string known;
  for (const auto& [name, count] : counts) {
    known += fmt::format("{}{} ({} rows)", known.empty() ? "" : ", ", name, count);
  }
  fail<ConfigError>("{}: there is no split '{}'; the file has {}.", set.source, split, known);
}

LabelledRows labelled_rows(const FeatureSet& set, const std::string& split) {
  LabelledRows labelled;
  labelled.features = set.images;
  const std::vector<int64_t> rows = rows_of_split(set, split);
  for (const int64_t row : rows) {
    if (set.labels.empty() || set.labels[static_cast<size_t>(row)] < 0) continue;
    labelled.rows.push_back(row);
    labelled.labels.push_back(set.labels[static_cast<size_t>(row)]);
  }
  if (!labelled.rows.empty()) return labelled;
  fail<ConfigError>("{}: no picture{} has a label, so there is nothing to classify; give each one "
                    "its class as 'label'.",
                    set.source, set.splits.empty() ? "" : fmt::format(" of split '{}'", split));
}

}  // namespace tandem
