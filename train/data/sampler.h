// Which samples make up which batch.
#pragma once

#include "core/philox.h"

#include <cstdint>
#include <vector>

namespace tandem {

struct SamplerOptions {
  int64_t batch_size = 1;
  bool unique_groups = true;
  uint64_t seed = 0;
  int64_t shuffle_buffer = 0;       // 0: a full shuffle
  std::vector<int64_t> shards{0};   // the first sample of each; read with shuffle_buffer
  bool resample = false;            // draw with replacement
  int64_t epoch_samples = 0;        // with resample; 0: as many as there are
  std::vector<double> weights{};    // [samples] with resample: how often each comes; empty: equal
};

// Batches for every epoch, from (seed, epoch) alone. In an epoch each sample comes at most once;
// what does not fill a batch is left out, other samples in every epoch.
//
// With unique groups no two samples of a batch share a group. K such batches of B samples exist if
// and only if sum over groups of min(size, K) >= K B (a group gives each batch at most one), and an
// epoch has the largest such K. They are made by dealing the samples, group after group in random
// order, to batch 0, 1, ..., K-1, 0, ...: a group has at most K, so none gives a batch two. Then
// random pairs of batches trade what may be traded (Strona et al. 2014, "A fast and unbiased
// procedure to randomize ecological binary matrices"), so that batches are not each other's
// neighbours.
//
// With a shuffle buffer samples are read shard after shard, the shards in random order; the next
// sample is a random one of the buffer, whose place the next that is read takes. What is read then
// lies within few shards.
//
// With replacement each sample of a batch is drawn by its weight; with unique groups, again until
// its group is new to the batch.
class Sampler {
 public:
  // groups: [samples] the group of each. Throws ConfigError if not one batch can be filled, and if
  // a shuffle buffer can't keep groups apart.
  Sampler(std::vector<int64_t> groups, SamplerOptions options);

  int64_t samples() const { return static_cast<int64_t>(groups_.size()); }
  int64_t batch_size() const { return options_.batch_size; }
  int64_t batches() const { return batches_; }  // in an epoch, at least 1
  bool unique_groups() const { return options_.unique_groups; }
  bool resamples() const { return options_.resample; }
  int64_t group(int64_t sample) const { return groups_[sample]; }

  // [batches(), batch_size()] samples. Thread-safe.
  std::vector<int64_t> epoch(int64_t epoch) const;

 private:
  void prepare_drawing();
  std::vector<int64_t> shuffled(Random& random) const;
  std::vector<int64_t> through_buffer(Random& random) const;
  std::vector<int64_t> apart(std::vector<int64_t> order, Random& random) const;
  void draw_batch(Random random, std::vector<int64_t>& order) const;

  std::vector<int64_t> groups_;
  int64_t group_count_ = 0;
  SamplerOptions options_;
  int64_t batches_ = 0;
  bool has_pairs_ = false;         // some group has two samples
  std::vector<double> cumulative_;  // [samples] sums of weights; empty: equal
};

}  // namespace tandem
