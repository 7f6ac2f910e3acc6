#include "train/evaluate/class_evaluation.h"

#include "train/evaluate/evaluate.h"
#include "train/evaluate/zero_shot.h"

#include <numeric>
#include <utility>

namespace tandem {

ClassEvaluation::ClassEvaluation(std::unique_ptr<EvalSet> pictures, std::vector<int32_t> labels,
                                 std::vector<int32_t> ids)
    : set_(std::move(pictures)), labels_(std::move(labels)), ids_(std::move(ids)) {}

std::vector<int32_t> ClassEvaluation::ranks(const LabelledRows& pictures, const ClipConfig& model,
                                            Encoder& encoder, Variables& variables) {
  if (!model.adaptation.prompts.conditional) {
    return zero_shot_ranks(pictures, encoder.texts(ids_), 1);
  }
  if (!conditional_) conditional_ = std::make_unique<ConditionalClassifier>(model, variables, ids_);
  return conditional_->ranks(pictures);
}

Classification ClassEvaluation::run(const ClipConfig& model, Encoder& encoder,
                                    Variables& variables) {
  LabelledRows pictures{.features = {}, .rows = {}, .labels = labels_};
  pictures.features = std::make_shared<MemoryRows>(encode_pictures(*set_, encoder),
                                                   encoder.embed_dim(), "the validation pictures");
  pictures.rows.resize(labels_.size());
  std::iota(pictures.rows.begin(), pictures.rows.end(), 0);
  return summarize_ranks(labels_, ranks(pictures, model, encoder, variables), classes(model));
}

}  // namespace tandem
