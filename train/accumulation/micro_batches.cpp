#include "train/accumulation/micro_batches.h"

namespace tandem {

namespace {

// The index-th of `count` equal stretches.
template <class T>
std::span<const T> stretch(const std::vector<T>& all, int64_t index, int64_t count) {
  const size_t length = all.size() / static_cast<size_t>(count);
  return {all.data() + length * static_cast<size_t>(index), length};
}

template <class T>
std::vector<T> copy_of_stretch(const std::vector<T>& all, int64_t index, int64_t count) {
  const std::span<const T> part = stretch(all, index, count);
  return {part.begin(), part.end()};
}

}  // namespace

MicroBatches::MicroBatches(const ClipConfig& model, const TrainConfig& train)
    : size_(train.batch_size),
      count_(train.accum_freq),
      classes_(train.loss == "cross_entropy"),
      text_(model.text_cfg),
      context_rows_(model.adaptation.prompts.context_rows()),
      picture_tokens_(model.vision_cfg.tokens()) {}

MicroBatches::Part MicroBatches::part_of(const PairArrays& batch, const StepNumbers& numbers,
                                         int64_t index) const {
  Part part{.arrays = {}, .numbers = numbers, .more = {index > 0 ? 1.0f : 0.0f}};
  if (!numbers.dropout_seed.empty()) {
    part.numbers.dropout_seed.back() = static_cast<int32_t>(index);
  }
  part.arrays.features = copy_of_stretch(batch.features, index, count_);
  part.arrays.labels = copy_of_stretch(batch.labels, index, count_);
  part.arrays.kept_tokens = copy_of_stretch(batch.kept_tokens, index, count_);
  for (int32_t& row : part.arrays.kept_tokens) {
    row -= static_cast<int32_t>(index * size_ * picture_tokens_);
  }
  if (!classes_) {
    part.arrays.texts = batch.texts.part(index * size_, size_, text_, context_rows_);
  }
  return part;
}

void MicroBatches::cut(const PairArrays& batch, const StepNumbers& numbers) {
  batch_ = &batch;
  parts_.clear();
  for (int64_t i = 0; i < count_; ++i) parts_.push_back(part_of(batch, numbers, i));
}

Feeds MicroBatches::feeds(int64_t index) const {
  const Part& part = parts_.at(static_cast<size_t>(index));
  Feeds feeds = part.arrays.feeds();
  feeds["pixels"] = std::as_bytes(stretch(batch_->pixels, index, count_));
  if (classes_) {
    for (const auto& [name, bytes] : batch_->texts.feeds()) feeds[name] = bytes;
  }
  part.numbers.add_to(feeds);
  feeds["more"] = as_feed(part.more);
  return feeds;
}

}  // namespace tandem
