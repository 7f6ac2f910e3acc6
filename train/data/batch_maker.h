// Makes the batch at a position of a run; the part of the loader that its threads share.
#pragma once

#include "train/config/run_config.h"
#include "train/data/augment.h"
#include "train/data/caption_tokens.h"
#include "train/data/patch_dropout.h"
#include "train/data/picture_cache.h"
#include "train/data/sampler.h"
#include "train/data/table.h"
#include "train/features/feature_rows.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace tandem {

struct Batch {
  std::vector<float> pixels;         // [N, 3, S, S], normalized
  std::vector<float> features;       // [N, E] in their place, where there are some
  std::vector<int32_t> tokens;       // [N, T]
  std::vector<int32_t> kept_tokens;  // with patch dropout: see VisionTransformer::kept_input
  std::vector<int64_t> samples;      // [N] rows of the split
  int64_t epoch = 0;
  int64_t index = 0;  // in the epoch
};

struct LoaderOptions {
  DataConfig data;           // read: unique_groups, dataset_resampled, train_num_samples,
                             // shuffle_buffer, workers, mean, std, alpha, max_*, augment,
                             // first_caption
  int64_t batch_size = 128;  // N
  int64_t image_size = 224;  // S
  PictureTokens tokens;      // of a picture
  int64_t kept_patches = 0;  // those that patch dropout leaves
  uint64_t seed = 0;
  std::shared_ptr<const FeatureRows> features;  // of TableRow::feature, in place of pictures
  Tokenize tokenize;
  int64_t cache_bytes = int64_t{1} << 30;        // of decoded pictures kept in memory
  int64_t prefetch = 0;                          // batches made ahead; 0: workers + 2
  std::function<void(const std::string&)> warn;  // told of each bad picture, once; may be empty
  std::set<int64_t> bad_samples;                 // counted and told of before (a resumed run)
  // Told by each thread, by its number, of a batch that it has made, and in how many seconds; may
  // be empty.
  std::function<void(int64_t thread, int64_t batch, double seconds)> made;
};

// A picture that could not be read.
struct BadSample {
  int64_t sample = 0;
  std::string reason;
};

// Thread-safe: threads share one maker, each with a scratch of its own.
class BatchMaker {
 public:
  // Throws ConfigError where no batch can be filled, DataError where captions can't be tokenized.
  BatchMaker(std::vector<TableRow> rows, LoaderOptions options);
  BatchMaker(const BatchMaker&) = delete;
  BatchMaker& operator=(const BatchMaker&) = delete;

  const Sampler& sampler() const { return sampler_; }
  const CaptionTokens& tokens() const { return tokens_; }

  // Fills batch, reusing its memory. Samples whose picture can't be read are replaced by the next
  // of the epoch's order that fits, and listed in bad; past max_bad_samples it gives up, with the
  // batch unfinished. Returns early, too, once `stop` is true.
  void make(int64_t epoch, int64_t index, Batch& batch, std::vector<BadSample>& bad,
            AugmentScratch& scratch, const std::atomic<bool>& stop);

 private:
  using Order = std::shared_ptr<const std::vector<int64_t>>;

  Order order_of(int64_t epoch);
  void draw_picture(int64_t epoch, int64_t sample, uint32_t name, Batch& batch, int64_t slot,
                    AugmentScratch& scratch);
  bool draw(int64_t epoch, int64_t sample, Batch& batch, int64_t slot, std::vector<BadSample>& bad,
            AugmentScratch& scratch);
  bool fits(const Batch& batch, int64_t slot, int64_t sample) const;

  std::vector<TableRow> rows_;
  LoaderOptions options_;
  Alpha alpha_;
  Normalization normalization_;
  Fit fit_;
  Sampler sampler_;
  CaptionTokens tokens_;
  PictureCache pictures_;
  std::mutex mutex_;
  std::map<int64_t, Order> orders_;  // of the epochs in work
};

}  // namespace tandem
