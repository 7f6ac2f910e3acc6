// Whether a model in training tells the classes of pictures apart.
#pragma once

#include "train/data/eval_set.h"
#include "train/encoder.h"
#include "train/evaluate/classification.h"
#include "train/evaluate/conditional_zero_shot.h"

#include <memory>
#include <vector>

namespace tandem {

class ClassEvaluation {
 public:
  // The pictures' labels, and the classes' texts `ids` [K, T] (class_tokens).
  ClassEvaluation(std::unique_ptr<EvalSet> pictures, std::vector<int32_t> labels,
                  std::vector<int32_t> ids);

  // By the parameters as they are; both arguments are of the model that is trained, in every call
  // the same. Throws DataError for a picture that can't be read.
  Classification run(const ClipConfig& model, Encoder& encoder, Variables& variables);

  int64_t pictures() const { return set_->pictures(); }
  int64_t classes(const ClipConfig& model) const {
    return static_cast<int64_t>(ids_.size()) / model.text_cfg.context_length;
  }

 private:
  std::vector<int32_t> ranks(const LabelledRows& pictures, const ClipConfig& model,
                             Encoder& encoder, Variables& variables);

  std::unique_ptr<EvalSet> set_;
  std::vector<int32_t> labels_;
  std::vector<int32_t> ids_;
  std::unique_ptr<ConditionalClassifier> conditional_;  // compiled when first needed
};

}  // namespace tandem
