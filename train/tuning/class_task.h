// Training to tell classes by their texts: the loss `cross_entropy`.
#pragma once

#include "models/text_transformer.h"
#include "train/config/run_config.h"
#include "train/data/table.h"
#include "train/text/tokenizer.h"

namespace tandem {

struct ClassTask {
  std::vector<std::string> names;  // of the classes
  std::vector<int32_t> labels;     // of each row
  std::vector<int32_t> ids;        // [K, T] of the classes' texts, see class_tokens
  TextArrays texts;                // the same, prepared
};

// Of rows whose labels are the classes, with data.class_template as text. Sets config.train.classes
// and what of the model follows from it. Throws ConfigError for rows without labels, or another
// number of classes than the config has.
ClassTask class_task(RunConfig& config, const std::vector<TableRow>& rows,
                     const Tokenizer& tokenizer);

// The label of each row among the classes' names. Throws ConfigError where one has none.
std::vector<int32_t> labels_of(const RunConfig& config, const std::vector<TableRow>& rows,
                               const std::vector<std::string>& names);

// Leaves data.few_shot.shots rows of each class, drawn by the config's seed, and returns those that
// are drawn to choose on; all rows and none with 0 shots. Throws ConfigError for rows without
// labels, and where a class has fewer.
std::vector<TableRow> draw_shots(const RunConfig& config, std::vector<TableRow>& rows);

}  // namespace tandem
