#include "train/evaluate/probes.h"

#include "train/evaluate/linear_probe.h"
#include "train/evaluate/zero_shot.h"

#include <algorithm>

namespace tandem {
namespace {

struct Choice {
  size_t index = 0;
  double accuracy = 0;
};

// The first of the best.
Choice best_of(const std::vector<std::vector<int32_t>>& ranks) {
  Choice best{0, -1};
  for (size_t i = 0; i < ranks.size(); ++i) {
    const double share = accuracy(ranks[i]);
    if (share > best.accuracy) best = {i, share};
  }
  return best;
}

}  // namespace

ProbeResult probe_zero_shot(const std::vector<ClassTexts>& candidates,
                            const LabelledRows* validation, const LabelledRows& test,
                            int64_t classes) {
  ProbeResult result;
  size_t chosen = 0;
  if (candidates.size() > 1) {
    std::vector<std::vector<int32_t>> ranks;
    for (const ClassTexts& texts : candidates) {
      ranks.push_back(zero_shot_ranks(*validation, texts.features));
    }
    const Choice best = best_of(ranks);
    chosen = best.index;
    result.validation_acc1 = best.accuracy;
  }
  const ClassTexts& texts = candidates[chosen];
  result.settings = {{"templates", texts.name}};
  result.test = summarize_ranks(test.labels, zero_shot_ranks(test, texts.features), classes);
  return result;
}

ProbeResult probe_knn(const ProbeData& data, int64_t classes,
                      const std::vector<KnnSetting>& settings, Device& device) {
  ProbeResult result;
  KnnSetting setting = settings[0];
  if (data.validation) {
    const Choice best =
        best_of(knn_ranks(data.train, *data.validation, classes, settings, device));
    setting = settings[best.index];
    result.validation_acc1 = best.accuracy;
  }
  result.settings = {{"k", fmt::format("{}", setting.k)},
                     {"temperature", fmt::format("{}", setting.temperature)}};
  result.test = summarize_ranks(
      data.test.labels, knn_ranks(data.train, data.test, classes, {setting}, device)[0], classes);
  return result;
}

ProbeResult probe_linear(const ProbeData& data, int64_t classes,
                         const std::vector<double>& weight_decays, Device& device) {
  ProbeResult result;
  double weight_decay = data.validation ? 0 : weight_decays.at(0);
  if (data.validation) {
    const WeightDecayTrial best =
        choose_weight_decay(data.train, *data.validation, classes, weight_decays, device);
    weight_decay = best.weight_decay;
    result.validation_acc1 = best.accuracy;
  }
  const LabelledRows learned = data.validation ? data.train + *data.validation : data.train;
  const LinearClassifier classifier = fit_linear(learned, classes, weight_decay, device);
  result.settings = {{"weight_decay", fmt::format("{:.4g}", weight_decay)}};
  result.test = summarize_ranks(data.test.labels, linear_ranks(classifier, data.test), classes);
  return result;
}

}  // namespace tandem
