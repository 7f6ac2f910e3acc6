#include "train/pair_arrays.h"

namespace tandem {

Feeds PairArrays::feeds() const {
  Feeds feeds = texts.feeds();
  if (features.empty()) {
    feeds["pixels"] = as_feed(pixels);
  } else {
    feeds["image_features"] = as_feed(features);
  }
  if (!kept_tokens.empty()) feeds["kept_tokens"] = as_feed(kept_tokens);
  if (!labels.empty()) feeds["labels"] = as_feed(labels);
  return feeds;
}

void StepNumbers::add_to(Feeds& feeds) const {
  feeds["hyper"] = as_feed(hyper);
  if (!dropout_seed.empty()) feeds["dropout_seed"] = as_feed(dropout_seed);
}

}  // namespace tandem
