// Which samples make up which batch.
#pragma once

#include <cstdint>
#include <vector>

namespace tandem {

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
class Sampler {
 public:
  // groups: [samples] the group of each. Throws ConfigError if not one batch can be filled.
  Sampler(std::vector<int64_t> groups, int64_t batch_size, bool unique_groups, uint64_t seed);

  int64_t samples() const { return static_cast<int64_t>(groups_.size()); }
  int64_t batch_size() const { return batch_size_; }
  int64_t batches() const { return batches_; }  // in an epoch, at least 1
  bool unique_groups() const { return unique_groups_; }
  int64_t group(int64_t sample) const { return groups_[sample]; }

  // [batches(), batch_size()] samples. Thread-safe.
  std::vector<int64_t> epoch(int64_t epoch) const;

 private:
  std::vector<int64_t> groups_;
  int64_t group_count_ = 0;
  int64_t batch_size_;
  int64_t batches_ = 0;
  bool unique_groups_;
  bool has_pairs_ = false;  // some group has two samples
  uint64_t seed_;
};

}  // namespace tandem
