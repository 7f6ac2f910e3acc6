// Zero-shot classification by a model whose class texts are shifted for each picture (Zhou et al.
// 2022, CoCoOp, section 3.2).
#pragma once

#include "autograd/program.h"
#include "models/text_transformer.h"
#include "train/features/feature_set.h"

#include <memory>
#include <vector>

namespace tandem {

class ConditionalClassifier {
 public:
  // `ids` [K, T] are the classes' texts (class_tokens). `variables` must outlive this. Throws as
  // Program does.
  ConditionalClassifier(const ClipConfig& model, Variables& variables,
                        const std::vector<int32_t>& ids);

  // The rank of every picture's right class; the features are the model's own.
  std::vector<int32_t> ranks(const LabelledRows& pictures);

 private:
  int64_t K_, N_, E_;  // classes, pictures at once, their width
  TextArrays texts_;
  std::unique_ptr<Program> program_;
};

}  // namespace tandem
