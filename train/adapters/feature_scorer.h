// Scores of pictures by their features, on a device, a chunk at a time.
#pragma once

#include "autograd/program.h"
#include "train/features/feature_set.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tandem {

// Builds scores [N, K] of unit features [N, E], declaring the variables that it reads.
using ScoreGraph = std::function<Tensor(Graph&, Tensor features)>;

class FeatureScorer {
 public:
  // For features of width E. Shares the variables, which must outlive it. Throws what Program
  // throws.
  FeatureScorer(const ScoreGraph& build, int64_t width, Variables& variables);

  // [pictures, K]. `extra` feeds inputs that the graph has beside the features.
  std::vector<float> scores(const LabelledRows& pictures, const Feeds& extra = {});

  int64_t classes() const { return classes_; }

 private:
  int64_t width_;
  int64_t classes_ = 0;
  std::unique_ptr<Program> program_;
};

// The rank of every picture's class by scores [pictures, K].
std::vector<int32_t> ranks_of(const std::vector<float>& scores, const std::vector<int32_t>& labels);

// Mean of -log softmax(scores)[label]: between settings that are right equally often, the one
// with less of it is chosen.
double cross_entropy_of(const std::vector<float>& scores, const std::vector<int32_t>& labels);

}  // namespace tandem
