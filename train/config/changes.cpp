#include "train/config/changes.h"

#include "train/config/reference.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tandem {
namespace {

bool is_harmless(std::string_view key) {
  constexpr std::array<std::string_view, 10> keys{"name",
                                                 "device",
                                                 "data.workers",
                                                 "train.log_every_n_steps",
                                                 "train.on_nonfinite",
                                                 "train.checkpoint_every",
                                                 "train.keep_last",
                                                 "train.keep_every",
                                                 "train.keep_best",
                                                 "evaluate_every_n_epochs"};
  return key.starts_with("evaluate.") || std::find(keys.begin(), keys.end(), key) != keys.end();
}

const std::string* find(const std::vector<ConfigValue>& values, const std::string& key) {
  for (const ConfigValue& value : values) {
    if (value.key == key) return &value.text;
  }
  return nullptr;
}

}  // namespace

void take_filled_in(RunConfig& config, const RunConfig& before) {
  if (config.train.classes == 0) config.train.classes = before.train.classes;
  const CoopKeys& coop = before.adapter.coop;
  if (!coop.words.empty() && config.adapter.coop.words == coop.words) {
    config.adapter.coop.contexts = coop.contexts;
  }
  if (config.adapter.base_sha256.empty()) {
    config.adapter.base_sha256 = before.adapter.base_sha256;
  }
}

std::vector<ConfigChange> config_changes(const RunConfig& before, const RunConfig& after) {
  const std::vector<ConfigValue> old_values = config_values(before);
  const std::vector<ConfigValue> new_values = config_values(after);
  std::vector<ConfigChange> changes;
  for (const ConfigValue& value : old_values) {
    const std::string* now = find(new_values, value.key);
    if (now != nullptr && *now == value.text) continue;
    changes.push_back({value.key, value.text, now ? *now : "", is_harmless(value.key)});
  }
  for (const ConfigValue& value : new_values) {
    if (find(old_values, value.key) != nullptr) continue;
    changes.push_back({value.key, "", value.text, is_harmless(value.key)});
  }
  return changes;
}

}  // namespace tandem
