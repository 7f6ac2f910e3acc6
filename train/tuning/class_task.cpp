#include "train/tuning/class_task.h"

#include "core/error.h"
#include "train/features/classes.h"
#include "train/features/few_shot.h"
#include "train/text/model_tokens.h"
#include "train/tuning/adaptation.h"

#include <algorithm>
#include <numeric>

namespace tandem {

std::vector<int32_t> labels_of(const RunConfig& config, const std::vector<TableRow>& rows,
                               const std::vector<std::string>& names) {
  const DataConfig& data = config.data;
  const std::string& table = data.table.empty() ? data.features : data.table;
  std::vector<int32_t> labels = class_labels(rows, names, table);
  const auto none = std::find(labels.begin(), labels.end(), -1);
  if (none != labels.end()) {
    const TableRow& row = rows[static_cast<size_t>(none - labels.begin())];
    fail<ConfigError>("{}:{}: has no label, by which classes are learnt; give each row one.", table,
                      row.line);
  }
  return labels;
}

ClassTask class_task(RunConfig& config, const std::vector<TableRow>& rows,
                     const Tokenizer& tokenizer) {
  ClassTask task{.names = classes_of(rows)};
  const auto K = static_cast<int64_t>(task.names.size());
  if (config.train.classes != 0 && config.train.classes != K) {
    fail<ConfigError>("train.classes is {}, but the data has {}; leave it out.",
                      config.train.classes, K);
  }
  task.labels = labels_of(config, rows, task.names);
  config.train.classes = K;
  config.model.adaptation = adaptation_of(config);
  task.ids = class_tokens(tokenizer, task.names, config.data.format.class_template, config.model);
  task.texts.ids = task.ids;
  const TextConfig& text = config.model.text_cfg;
  task.texts.prepare(text, config.model.adaptation.prompts.context_rows());
  return task;
}

std::vector<TableRow> draw_shots(const RunConfig& config, std::vector<TableRow>& rows) {
  const FewShotConfig& few = config.data.few_shot;
  if (few.shots == 0) return {};
  FeatureSet set;
  set.class_names = classes_of(rows);
  LabelledRows all;
  all.labels = labels_of(config, rows, set.class_names);
  all.rows.resize(rows.size());
  std::iota(all.rows.begin(), all.rows.end(), 0);
  const FewShot drawn = draw_shots(all, set, few.shots, config.seed, few.val_shots);
  const auto chosen = [&](const LabelledRows& some) {
    std::vector<TableRow> result;
    for (const int64_t row : some.rows) result.push_back(rows[static_cast<size_t>(row)]);
    return result;
  };
  std::vector<TableRow> validation = chosen(drawn.validation);
  rows = chosen(drawn.train);
  return validation;
}

}  // namespace tandem
