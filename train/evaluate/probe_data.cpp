#include "train/evaluate/probe_data.h"

#include "core/error.h"
#include "train/features/few_shot.h"

#include <algorithm>

namespace tandem {
namespace {

bool has_split(const FeatureSet& set, const std::string& split) {
  return std::find(set.splits.begin(), set.splits.end(), split) != set.splits.end();
}

ProbeData open_shots(const FeatureSet& set, const ProbeSplits& splits, const std::string& chosen) {
  const bool whole = set.splits.empty();
  FewShot drawn = draw_shots(labelled_rows(set, whole ? "" : splits.train), set, *splits.shots,
                             splits.seed);
  ProbeData data;
  data.train = std::move(drawn.train);
  if (!chosen.empty()) data.validation = std::move(drawn.validation);
  data.test = whole ? std::move(drawn.rest) : labelled_rows(set, splits.test);
  return data;
}

void check_classes(const FeatureSet& set, const ProbeData& data) {
  std::vector<bool> known(static_cast<size_t>(set.classes()));
  for (const int32_t label : data.train.labels) known[static_cast<size_t>(label)] = true;
  for (const int32_t label : data.test.labels) {
    if (known[static_cast<size_t>(label)]) continue;
    fail<ConfigError>("{}: class '{}' is tested but has no features to learn from.", set.source,
                      set.class_name(label));
  }
}

}  // namespace

void check_choice(const ProbeSplits& splits, const std::string& chosen) {
  const bool tested = splits.validation == splits.test;
  if (chosen.empty() || (!tested && splits.validation != splits.train)) return;
  fail<ConfigError>(
      "eval: {} can't be chosen on split '{}', which is what is {}; name another "
      "--validation-split.",
      chosen, splits.validation, tested ? "tested" : "learned from");
}

ProbeData open_probe(const FeatureSet& set, const ProbeSplits& splits, const std::string& chosen) {
  if (set.splits.empty() && !splits.shots) {
    fail<ConfigError>("{}: has no data set 'split', so a probe can't tell what to learn from; give "
                      "--shots to draw pictures.",
                      set.source);
  }
  if (!set.splits.empty() && splits.train == splits.test) {
    fail<ConfigError>("eval: split '{}' would be tested on what was learned from it; name another "
                      "--train-split or --split.",
                      splits.test);
  }
  if (!set.splits.empty() && !has_split(set, splits.train)) {
    fail<ConfigError>("{}: there is no split '{}' to learn from; name one with --train-split.",
                      set.source, splits.train);
  }
  if (!splits.shots) check_choice(splits, chosen);
  ProbeData data;
  if (splits.shots) {
    data = open_shots(set, splits, chosen);
  } else {
    if (!chosen.empty() && !has_split(set, splits.validation)) {
      fail<ConfigError>("{}: there is no split '{}' to choose {} on; name one with "
                        "--validation-split, or give one value.",
                        set.source, splits.validation, chosen);
    }
    data.train = labelled_rows(set, splits.train);
    if (!chosen.empty()) data.validation = labelled_rows(set, splits.validation);
    data.test = labelled_rows(set, splits.test);
  }
  check_classes(set, data);
  return data;
}

}  // namespace tandem
