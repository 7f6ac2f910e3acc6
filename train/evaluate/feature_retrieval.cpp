#include "train/evaluate/feature_retrieval.h"

#include "core/error.h"

#include <algorithm>

namespace tandem {
namespace {

RetrievalResult by_captions(const FeatureSet& set, const std::vector<int64_t>& rows,
                            const std::vector<float>& images) {
  std::vector<int64_t> place(static_cast<size_t>(set.images->rows()), -1);
  for (size_t i = 0; i < rows.size(); ++i) {
    place[static_cast<size_t>(rows[i])] = static_cast<int64_t>(i);
  }
  std::vector<int64_t> captions, image_of_text;
  for (size_t i = 0; i < set.caption_image.size(); ++i) {
    const int64_t image = place[static_cast<size_t>(set.caption_image[i])];
    if (image < 0) continue;
    captions.push_back(static_cast<int64_t>(i));
    image_of_text.push_back(image);
  }
  std::vector<float> texts;
  set.texts->read(captions, texts);
  return evaluate_retrieval({images, texts, set.images->width(), image_of_text});
}

RetrievalResult by_classes(const FeatureSet& set, const std::vector<int64_t>& rows,
                           const std::vector<float>& images) {
  std::vector<int64_t> labels;
  std::vector<int64_t> first(static_cast<size_t>(set.classes()), -1);  // picture of each class
  for (const int64_t row : rows) {
    labels.push_back(set.labels[static_cast<size_t>(row)]);
    if (labels.back() < 0) continue;
    int64_t& known = first[static_cast<size_t>(labels.back())];
    if (known < 0) known = static_cast<int64_t>(labels.size()) - 1;
  }
  const std::vector<float> texts = set.class_texts->read_all();
  RetrievalOptions options;
  options.group_is_positive = true;
  return evaluate_retrieval({images, texts, set.images->width(), first, labels}, options);
}

}  // namespace

RetrievalResult retrieve(const FeatureSet& set, const std::string& split) {
  const bool classes = !set.texts && set.class_texts && !set.labels.empty();
  if (!set.texts && !classes) {
    fail<ConfigError>("{}: retrieval needs text_features and caption_image, or class_text_features "
                      "and labels; the file has neither.",
                      set.source);
  }
  const std::vector<int64_t> rows = rows_of_split(set, split);
  std::vector<float> images;
  set.images->read(rows, images);
  return classes ? by_classes(set, rows, images) : by_captions(set, rows, images);
}

}  // namespace tandem
