// What a run learns from: its rows, the features that stand in for their pictures, its tokenizer,
// and with the loss `cross_entropy` its classes.
#pragma once

#include "train/features/picture_features.h"
#include "train/train_step.h"
#include "train/tuning/class_task.h"

#include <memory>
#include <optional>

namespace tandem {

struct Batch;

class RunData {
 public:
  // Reads the rows, the few shots of them that the config asks for, and the base's tokenizer where
  // there is one. `saved` is the tokenizer of the checkpoint that the run goes on from, or null.
  // Fills in what the config says of the base and the classes. Throws ConfigError, DataError.
  RunData(RunConfig& config, std::unique_ptr<Tokenizer> saved);

  const std::vector<TableRow>& rows() const { return rows_; }

  // What few-shot training is watched on (RunConfig::validates_classes); empty without.
  const std::vector<TableRow>& validation() const { return validation_; }
  const ClassTask* classes() const { return classes_ ? &*classes_ : nullptr; }

  const Tokenizer& tokenizer() const { return *tokenizer_; }

  // Ids of the words that learnt contexts start from; empty where they start by chance.
  const std::vector<int32_t>& context_words() const { return context_words_; }

  // In place of pictures; null where pictures are read.
  const PictureFeatures* features() const { return features_.get(); }

  // Gives a batch's arrays to a step's, whose memory the batch gets to use again.
  void fill(const RunConfig& config, Batch& batch, PairArrays& pairs) const;

 private:
  std::unique_ptr<PictureFeatures> features_;
  std::vector<TableRow> rows_;
  std::vector<TableRow> validation_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<int32_t> context_words_;
  std::optional<ClassTask> classes_;
};

}  // namespace tandem
