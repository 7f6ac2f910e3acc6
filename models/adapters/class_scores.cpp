#include "models/adapters/class_scores.h"

#include "autograd/ops/matmul.h"
#include "autograd/ops/unary.h"

namespace tandem {

Tensor class_scores(Tensor features, Tensor class_texts, double factor) {
  const FullPrecision precision(features.graph());
  return scale(matmul(features, class_texts, false, true), factor);
}

}  // namespace tandem
