#include "train/features/few_shot.h"

#include "core/error.h"
#include "core/philox.h"

#include <algorithm>
#include <map>

namespace tandem {

FewShot draw_shots(const LabelledRows& pictures, const FeatureSet& set, int64_t shots,
                   uint64_t seed, int64_t validation_shots) {
  if (shots < 1) fail<ConfigError>("few-shot: {} shots were asked for; ask for 1 or more.", shots);
  if (validation_shots == 0) validation_shots = std::min<int64_t>(shots, 4);
  std::map<int32_t, std::vector<size_t>> by_class;
  for (size_t i = 0; i < pictures.labels.size(); ++i) by_class[pictures.labels[i]].push_back(i);
  enum class Part { rest, train, validation };
  std::vector<Part> part(pictures.rows.size(), Part::rest);
  for (auto& [label, members] : by_class) {
    const auto count = static_cast<int64_t>(members.size());
    if (count < shots) {
      fail<ConfigError>("few-shot: class '{}' has {} pictures, fewer than {} shots; ask for fewer.",
                        set.class_name(label), count, shots);
    }
    const auto drawn = static_cast<size_t>(std::min(count, shots + validation_shots));
    Random random(seed, 0, static_cast<uint32_t>(label), RandomUse::shuffle);
    for (size_t i = 0; i < drawn; ++i) {  // Fisher & Yates, its start
      const auto left = static_cast<uint32_t>(members.size() - i);
      std::swap(members[i], members[i + random.below(left)]);
      part[members[i]] = i < static_cast<size_t>(shots) ? Part::train : Part::validation;
    }
  }
  FewShot drawn;
  for (LabelledRows* rows : {&drawn.train, &drawn.validation, &drawn.rest}) {
    rows->features = pictures.features;
  }
  for (size_t i = 0; i < part.size(); ++i) {
    LabelledRows& to = part[i] == Part::train        ? drawn.train
                       : part[i] == Part::validation ? drawn.validation
                                                     : drawn.rest;
    to.rows.push_back(pictures.rows[i]);
    to.labels.push_back(pictures.labels[i]);
  }
  return drawn;
}

}  // namespace tandem
