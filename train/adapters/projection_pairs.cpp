#include "train/adapters/projection_pairs.h"

#include "core/error.h"
#include "core/philox.h"

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

void shuffle(std::vector<int64_t>& values, Random random) {
  for (size_t i = values.size(); i > 1; --i) {  // Fisher & Yates
    std::swap(values[i - 1], values[random.below(static_cast<uint32_t>(i))]);
  }
}

}  // namespace

ProjectionPairs::ProjectionPairs(const FeatureSet& set, const RunConfig& config) {
  if (!set.texts) {
    fail<ConfigError>("{}: projection learns from captions; the file lacks text_features and "
                      "caption_image.",
                      set.source);
  }
  captions_.resize(static_cast<size_t>(set.images->rows()));
  for (size_t i = 0; i < set.caption_image.size(); ++i) {
    captions_[static_cast<size_t>(set.caption_image[i])].push_back(static_cast<int64_t>(i));
  }
  const auto with_captions = [this](std::vector<int64_t> rows) {
    std::erase_if(rows,
                  [this](int64_t row) { return captions_[static_cast<size_t>(row)].empty(); });
    return rows;
  };
  const FewShotConfig& few = config.data.few_shot;
  if (set.splits.empty()) {
    const ProjectionConfig& shares = config.adapter.projection;
    std::vector<int64_t> all = with_captions(rows_of_split(set, ""));
    shuffle(all, Random(config.seed, 0, 1, RandomUse::shuffle));
    const auto count = static_cast<double>(all.size());
    const auto tested = std::llround(count * shares.test_share);
    const auto chosen = std::llround(count * shares.val_share);
    const auto first = all.begin() + tested, second = std::min(first + chosen, all.end());
    test.assign(all.begin(), first);
    validation.assign(first, second);
    train.assign(second, all.end());
  } else {
    train = with_captions(rows_of_split(set, config.data.split));
    if (!few.val_split.empty()) validation = with_captions(rows_of_split(set, few.val_split));
    test = with_captions(rows_of_split(set, few.test_split));
    if (few.test_split == config.data.split || few.test_split == few.val_split) {
      fail<ConfigError>("{}: split '{}' would be tested on what was learnt or chosen on it; name "
                        "another data.few_shot.test_split.",
                        set.source, few.test_split);
    }
  }
  for (std::vector<int64_t>* rows : {&train, &validation, &test}) {
    std::sort(rows->begin(), rows->end());
  }
  if (!train.empty() && !test.empty()) return;
  fail<ConfigError>("{}: no picture with captions is left to {}; change "
                    "adapter.projection.test_share or the splits.",
                    set.source, train.empty() ? "learn from" : "test");
}

std::vector<Pair> ProjectionPairs::epoch(uint64_t seed, int64_t number) const {
  std::vector<int64_t> order = train;
  shuffle(order, Random(seed, static_cast<uint64_t>(number) + 1, 0, RandomUse::shuffle));
  std::vector<Pair> pairs;
  for (const int64_t picture : order) {
    const auto& own = captions_[static_cast<size_t>(picture)];
    Random random(seed, static_cast<uint64_t>(number) + 1, static_cast<uint32_t>(picture),
                  RandomUse::caption);
    pairs.push_back({picture, own[random.below(static_cast<uint32_t>(own.size()))]});
  }
  return pairs;
}

std::pair<std::vector<int64_t>, std::vector<int64_t>> ProjectionPairs::captions_of(
    const std::vector<int64_t>& pictures) const {
  std::vector<int64_t> captions, places;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& own = captions_[static_cast<size_t>(pictures[i])];
    captions.insert(captions.end(), own.begin(), own.end());
    places.insert(places.end(), own.size(), static_cast<int64_t>(i));
  }
  return {captions, places};
}

}  // namespace tandem
