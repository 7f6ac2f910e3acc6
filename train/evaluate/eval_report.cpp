#include "train/evaluate/eval_report.h"

#include <fmt/core.h>

#include <algorithm>

namespace tandem {
namespace {

using nlohmann::ordered_json;

ordered_json as_json(const Interval& interval) { return {interval.low, interval.high}; }

// Every share with its name, in order.
std::vector<std::pair<std::string, Share>> shares(const Classification& result) {
  std::vector<std::pair<std::string, Share>> list{{"acc1", result.acc1}};
  if (result.acc5) list.emplace_back("acc5", *result.acc5);
  list.emplace_back("mean_per_class_recall", result.mean_per_class_recall);
  return list;
}

}  // namespace

ordered_json retrieval_json(const RetrievalResult& result) {
  ordered_json object;
  for (const auto& [name, value] : retrieval_values(result)) object[name] = value;
  object["pictures"] = result.image_to_text.queries;
  object["captions"] = result.text_to_image.queries;
  const auto add = [&](const char* name, const RetrievalDirection& direction) {
    for (const Recall& recall : direction.recalls) {
      object[fmt::format("{}_R@{}_interval", name, recall.k)] = as_json(recall.interval);
    }
  };
  add("image_to_text", result.image_to_text);
  add("text_to_image", result.text_to_image);
  return object;
}

ordered_json probe_json(const ProbeResult& result, const FeatureSet& set) {
  ordered_json object;
  for (const auto& [name, share] : shares(result.test)) {
    object[name] = share.value;
    object[name + "_interval"] = as_json(share.interval);
  }
  object["pictures"] = result.test.pictures;
  for (const auto& [name, value] : result.settings) object["settings"][name] = value;
  if (result.validation_acc1) object["validation_acc1"] = *result.validation_acc1;
  for (size_t c = 0; c < result.test.class_hits.size(); ++c) {
    object["classes"].push_back({{"name", set.class_name(static_cast<int64_t>(c))},
                                 {"pictures", result.test.class_pictures[c]},
                                 {"hits", result.test.class_hits[c]}});
  }
  return object;
}

std::string probe_text(const std::string& task, const std::string& split,
                       const ProbeResult& result) {
  const auto& counts = result.test.class_pictures;
  const auto classes = std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; });
  const std::string where = split.empty() ? "" : fmt::format(" on {}", split);
  std::string text =
      fmt::format("{}{}: {} pictures of {} classes", task, where, result.test.pictures, classes);
  for (const auto& [name, value] : result.settings) text += fmt::format(", {} {}", name, value);
  if (result.validation_acc1) {
    text += fmt::format(" (chosen on validation: {:.1f} %)", 100 * *result.validation_acc1);
  }
  for (const auto& [name, share] : shares(result.test)) {
    text += fmt::format("\n  {:<22} {:5.1f} %  [{:.1f}, {:.1f}]", name, 100 * share.value,
                        100 * share.interval.low, 100 * share.interval.high);
  }
  return text;
}

}  // namespace tandem
