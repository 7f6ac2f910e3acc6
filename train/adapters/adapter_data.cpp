#include "train/adapters/adapter_data.h"

#include "core/error.h"
#include "core/sha256.h"
#include "train/features/few_shot.h"

#include <algorithm>

namespace tandem {
namespace {

// The labelled pictures whose class is in [first, last), with labels that count from `first`.
LabelledRows of_classes(const LabelledRows& all, int64_t first, int64_t last) {
  LabelledRows some{.features = all.features, .rows = {}, .labels = {}};
  for (size_t i = 0; i < all.rows.size(); ++i) {
    if (all.labels[i] < first || all.labels[i] >= last) continue;
    some.rows.push_back(all.rows[i]);
    some.labels.push_back(static_cast<int32_t>(all.labels[i] - first));
  }
  return some;
}

// What a file without splits calls all of its rows.
std::string own_name(const FeatureSet& set, const std::string& split) {
  return set.splits.empty() ? "" : split;
}

void check_splits(const FeatureSet& set, const RunConfig& config) {
  const FewShotConfig& shots = config.data.few_shot;
  const auto refuse_same = [&](const std::string& a, const std::string& b, const char* what) {
    if (a.empty() || a != b) return;
    fail<ConfigError>("{}: split '{}' would be {}; name another split.", config.name, a, what);
  };
  refuse_same(shots.test_split, config.data.split, "tested on what was learnt from it");
  refuse_same(shots.test_split, shots.val_split, "tested on what was chosen on it");
  refuse_same(shots.val_split, config.data.split, "chosen on what was learnt from it");
  const bool drawn = shots.shots > 0 || config.adapter.kind == "zero_shot";
  if (!drawn && (set.splits.empty() || shots.test_split.empty())) {
    fail<ConfigError>("{}: nothing says what to learn from and what to test on; set "
                      "data.few_shot.shots, or data.few_shot.test_split for features with splits.",
                      set.source);
  }
}

struct Parts {
  LabelledRows train, validation, rest;
};

// Those of data.split.
Parts learned_parts(const FeatureSet& set, const RunConfig& config, int64_t classes) {
  const FewShotConfig& few = config.data.few_shot;
  const LabelledRows pictures =
      of_classes(labelled_rows(set, own_name(set, config.data.split)), 0, classes);
  Parts parts;
  if (few.shots == 0) {
    const bool zero_shot = config.adapter.kind == "zero_shot";
    (zero_shot ? parts.rest : parts.train) = pictures;
  } else {
    FewShot drawn = draw_shots(pictures, set, few.shots, config.seed, few.val_shots);
    parts = {std::move(drawn.train), std::move(drawn.validation), std::move(drawn.rest)};
  }
  if (!few.val_split.empty()) {
    parts.validation = of_classes(labelled_rows(set, few.val_split), 0, classes);
  }
  return parts;
}

void check_parts(const AdapterData& data, const RunConfig& config) {
  if (data.test.size() == 0) {
    fail<ConfigError>("{}: no picture is left to test; ask for fewer data.few_shot.shots or name a "
                      "data.few_shot.test_split.",
                      data.set.source);
  }
  if (config.adapter.kind == "zero_shot") return;
  std::vector<bool> known(static_cast<size_t>(data.classes));
  for (const int32_t label : data.train.labels) known[static_cast<size_t>(label)] = true;
  for (const int32_t label : data.test.labels) {
    if (known[static_cast<size_t>(label)]) continue;
    fail<ConfigError>("{}: class '{}' is tested but has no features to learn from.",
                      data.set.source, data.class_name(label));
  }
}

}  // namespace

AdapterData split_features(FeatureSet set, const RunConfig& config) {
  check_splits(set, config);
  const FewShotConfig& few = config.data.few_shot;
  const int64_t all = set.classes();
  AdapterData data;
  data.classes = few.base_to_new ? (all + 1) / 2 : all;
  if (few.base_to_new && all < 2) {
    fail<ConfigError>("{}: base_to_new needs two classes or more; there are {}.", set.source, all);
  }
  Parts parts = learned_parts(set, config, data.classes);
  const LabelledRows tested =
      labelled_rows(set, few.test_split.empty() ? own_name(set, config.data.split)
                                                : few.test_split);
  data.train = std::move(parts.train);
  data.validation = std::move(parts.validation);
  data.test = few.test_split.empty() ? std::move(parts.rest) : of_classes(tested, 0, data.classes);
  data.fresh = of_classes(tested, data.classes, all);
  if (set.class_texts) {
    data.class_texts = set.class_texts->read_all();
    const auto base = data.class_texts.begin() + data.classes * set.images->width();
    data.fresh_texts.assign(base, data.class_texts.end());
    data.class_texts.erase(base, data.class_texts.end());
  }
  data.fingerprint = fingerprint_of(set);
  data.set = std::move(set);
  check_parts(data, config);
  if (few.base_to_new && data.fresh.size() == 0) {
    fail<ConfigError>("{}: no picture of the new classes is there to test.", data.set.source);
  }
  return data;
}

std::string fingerprint_of(const FeatureSet& set) {
  constexpr int64_t most = 4096;
  const int64_t rows = set.images->rows(), step = (rows + most - 1) / most;
  Sha256 hash;
  hash.add(fmt::format("{} {} {}\n", rows, set.images->width(), set.classes()));
  std::vector<int64_t> chosen;
  for (int64_t row = 0; row < rows; row += step) chosen.push_back(row);
  std::vector<float> values;
  set.images->read(chosen, values);
  hash.add(std::as_bytes(std::span(values)));
  if (set.class_texts) {
    values = set.class_texts->read_all();
    hash.add(std::as_bytes(std::span(values)));
  }
  return hash.finish();
}

}  // namespace tandem
