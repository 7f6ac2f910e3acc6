// The parts of a step's batch that gradients are accumulated over.
#pragma once

#include "train/config/run_config.h"
#include "train/pair_arrays.h"

namespace tandem {

class MicroBatches {
 public:
  MicroBatches(const ClipConfig& model, const TrainConfig& train);

  int64_t count() const { return count_; }

  // Cuts a batch, which must outlive what feeds() gives. Texts of classes stay whole.
  void cut(const PairArrays& batch, const StepNumbers& numbers);

  // Of one part, and whether it is the first as `more` (MicroBatchGraph). Views of this and of the
  // batch.
  Feeds feeds(int64_t part) const;

 private:
  struct Part {
    PairArrays arrays;  // but the pixels, and with classes the texts
    StepNumbers numbers;
    std::vector<float> more;
  };

  Part part_of(const PairArrays& batch, const StepNumbers& numbers, int64_t index) const;

  int64_t size_;  // pairs of each
  int64_t count_;
  bool classes_;
  TextConfig text_;
  int64_t context_rows_;
  int64_t picture_tokens_;  // of a picture, those that are left out among them
  const PairArrays* batch_ = nullptr;
  std::vector<Part> parts_;
};

}  // namespace tandem
