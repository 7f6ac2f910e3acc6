#include "train/config/idle_keys.h"

#include "train/config/checker.h"
#include "train/config/reference.h"

#include <algorithm>
#include <map>

namespace tandem {
namespace {

struct Use {
  std::string key;  // those of a whole map end in "."
  bool is_read = false;
  std::string chooser;  // the key that decides it
  std::string reader;   // what would read it, for the error
};

void add_uses(std::vector<Use>& uses, const TrainConfig& train) {
  const bool sgd = train.optimizer == "sgd", cools = train.lr_scheduler == "const-cooldown";
  const auto add = [&](const char* key, bool is_read, const char* chooser, const char* value) {
    uses.push_back({key, is_read, chooser, fmt::format("{}{}", chooser, value)});
  };
  add("train.momentum", sgd, "train.optimizer", ": sgd");
  add("train.beta1", !sgd, "train.optimizer", ": adamw");
  add("train.beta2", !sgd, "train.optimizer", ": adamw");
  add("train.eps", !sgd, "train.optimizer", ": adamw");
  add("train.warmup_lr", train.warmup_epochs > 0, "train.warmup_epochs", "");
  add("train.epochs_cooldown", cools, "train.lr_scheduler", ": const-cooldown");
  add("train.lr_cooldown_end", cools, "train.lr_scheduler", ": const-cooldown");
  add("train.lr_cooldown_power", cools, "train.lr_scheduler", ": const-cooldown");
  add("train.lock_image_unlocked_groups", train.lock_image, "train.lock_image", ": true");
  add("train.lock_text_unlocked_layers", train.lock_text, "train.lock_text", ": true");
}

void add_uses(std::vector<Use>& uses, const AdapterConfig& adapter) {
  for (const char* kind : {"linear_probe", "clip_adapter", "projection", "lora", "ia3", "vpt",
                           "maple", "tip_adapter", "coop"}) {
    const std::string name = kind;
    const bool is_read = adapter.kind == name ||
                         (name == "tip_adapter" && adapter.kind == "tip_adapter_f") ||
                         (name == "coop" && adapter.kind == "cocoop");
    uses.push_back({"adapter." + name + ".", is_read, "adapter.kind", "adapter.kind: " + name});
  }
}

bool ends_in(const std::vector<std::string>& tables, std::initializer_list<const char*> endings) {
  return std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](const char* ending) { return table.ends_with(ending); });
  });
}

// `tables`: all that are read by the format whose keys begin with `prefix`.
void add_uses(std::vector<Use>& uses, const std::string& prefix, std::vector<std::string> tables) {
  std::erase(tables, "");
  if (tables.empty()) return;
  uses.push_back({prefix + "separator", ends_in(tables, {".csv", ".tsv"}), "data.table",
                  "a .csv or .tsv table"});
  std::erase_if(tables, [](const std::string& table) {
    return ends_in({table}, {".jsonl", ".csv", ".tsv", ".json", ".tar"});
  });
  uses.push_back({prefix + "class_names", !tables.empty(), "data.table", "an IDX file or a folder of classes"});
}

// A table without a format of its own is read by data's.
void add_uses(std::vector<Use>& uses, const DataConfig& data,
              const std::vector<EvaluateConfig>& evaluations) {
  std::vector<std::string> shared{data.table};
  const auto add = [&](const TableFormat& own, const std::string& prefix,
                       const std::string& table) {
    if (own == TableFormat()) shared.push_back(table);
    if (own != TableFormat()) add_uses(uses, prefix, {table});
  };
  for (size_t i = 0; i < data.sources.size(); ++i) {
    add(data.sources[i].format, fmt::format("data.sources.{}.format.", i), data.sources[i].table);
  }
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const std::string& own = evaluations[i].table;
    add(evaluations[i].format, fmt::format("evaluate.{}.format.", i),
        own.empty() ? data.table : own);
  }
  add_uses(uses, "data.", std::move(shared));
}

std::vector<Use> uses_of(const RunConfig& config) {
  std::vector<Use> uses{
      {"data.tokenizer.file", config.data.tokenizer.kind == "file", "data.tokenizer.kind",
       "data.tokenizer.kind: file"},
      {"train.grad_scaler.", config.precision == "fp16", "precision", "precision: fp16"}};
  add_uses(uses, config.train);
  add_uses(uses, config.adapter);
  add_uses(uses, config.data, config.evaluate);
  return uses;
}

bool is_of(const Use& use, const std::string& key) {
  return use.key.ends_with('.') ? key.starts_with(use.key) : key == use.key;
}

// How strong the place of a key is: 2 for --set, 1 for the config's file, 0 for one it extends.
int strength(const Places& places, const std::string& key, const std::string& source) {
  const auto found = places.find(key);
  if (found == places.end()) return 0;
  if (found->second.starts_with("--set ")) return 2;
  return found->second.starts_with(source + ":") ? 1 : 0;
}

}  // namespace

void refuse_idle_keys(const RunConfig& config, const RunConfig& standard, const Places& places,
                      const std::string& source) {
  const std::vector<ConfigValue> values = config_values(config);
  const bool written_by_a_run =
      std::all_of(values.begin(), values.end(),
                  [&](const ConfigValue& value) { return places.contains(value.key); });
  if (written_by_a_run) return;
  std::map<std::string, std::string> usual;
  for (const ConfigValue& value : config_values(standard)) usual[value.key] = value.text;
  const std::vector<Use> uses = uses_of(config);
  for (const ConfigValue& value : values) {
    const auto found = usual.find(value.key);  // not there: a list's, whose texts are empty
    if (value.text == (found == usual.end() ? yaml_text("") : found->second)) continue;
    const int own = strength(places, value.key, source);
    for (const Use& use : uses) {
      if (use.is_read || !is_of(use, value.key) || own == 0) continue;
      if (strength(places, use.chooser, source) > own) continue;
      Checker(places, source)
          .require(false, value.key,
                   fmt::format("{} is {}, but only {} reads it; set that, or leave it out.",
                               value.key, value.text, use.reader));
    }
  }
}

}  // namespace tandem
