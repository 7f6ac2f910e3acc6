#include "train/run_data.h"

#include "train/data/batch_maker.h"
#include "train/text/make_tokenizer.h"
#include "train/tuning/base_model.h"
#include "train/tuning/context_words.h"

namespace tandem {

namespace {

std::vector<TableRow> rows_of(DataConfig data, const std::string& split,
                              const PictureFeatures* features) {
  data.split = split;
  if (features && data.table.empty() && data.sources.empty()) {
    return features->rows_of_split(data.split);
  }
  std::vector<TableRow> rows = training_rows(data);
  if (features) features->join(rows);
  return rows;
}

}  // namespace

RunData::RunData(RunConfig& config, std::unique_ptr<Tokenizer> saved)
    : features_(config.trains_on_features() ? std::make_unique<PictureFeatures>(config) : nullptr),
      rows_(rows_of(config.data, config.data.split, features_.get())),
      tokenizer_(std::move(saved)) {
  validation_ = draw_shots(config, rows_);
  if (!config.adapter.base.empty()) {
    const BaseModel base = read_base(config);
    config.adapter.base_sha256 = base.sha256;
    if (features_) features_->check_base(base, config);
    if (!tokenizer_ && !base.tokenizer.empty()) tokenizer_ = Tokenizer::parse(base.tokenizer);
  }
  if (!tokenizer_) tokenizer_ = make_tokenizer(config, rows_);
  context_words_ = take_context_words(config, *tokenizer_);
  if (config.train.loss == "cross_entropy") classes_ = class_task(config, rows_, *tokenizer_);
  const std::string& split = config.data.few_shot.val_split;
  if (!split.empty()) validation_ = rows_of(config.data, split, features_.get());
  if (!config.validates_classes()) validation_.clear();
}

void RunData::fill(const RunConfig& config, Batch& batch, PairArrays& pairs) const {
  pairs.pixels.swap(batch.pixels);
  pairs.features.swap(batch.features);
  pairs.kept_tokens.swap(batch.kept_tokens);
  if (classes_) {
    if (pairs.texts.ids.empty()) pairs.texts = classes_->texts;
    pairs.labels.clear();
    for (const int64_t row : batch.samples) {
      pairs.labels.push_back(classes_->labels[static_cast<size_t>(row)]);
    }
    return;
  }
  pairs.texts.ids.swap(batch.tokens);
  const TextConfig& text = config.model.text_cfg;
  pairs.texts.prepare(text, config.model.adaptation.prompts.context_rows());
}

}  // namespace tandem
