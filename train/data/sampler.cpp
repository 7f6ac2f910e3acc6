#include "train/data/sampler.h"

#include "core/error.h"
#include "core/philox.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace tandem {
namespace {

// Fisher-Yates.
template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[random.below(static_cast<uint32_t>(i))]);
  }
}

// Groups become 0, 1, ... in order of first appearance; returns their number.
int64_t renumber(std::vector<int64_t>& groups) {
  std::unordered_map<int64_t, int64_t> numbers;
  for (int64_t& group : groups) {
    group = numbers.emplace(group, static_cast<int64_t>(numbers.size())).first->second;
  }
  return static_cast<int64_t>(numbers.size());
}

std::vector<int64_t> count_sizes(const std::vector<int64_t>& groups, int64_t group_count) {
  std::vector<int64_t> sizes(group_count);
  for (const int64_t group : groups) ++sizes[group];
  return sizes;
}

// The largest K with sum of min(size, K) >= K * batch_size. The left side is concave in K and both
// are 0 at 0, so the K that satisfy it are 0 .. some largest.
int64_t most_batches(const std::vector<int64_t>& sizes, int64_t samples, int64_t batch_size) {
  int64_t low = 0, high = samples / batch_size;
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    int64_t available = 0;
    for (const int64_t size : sizes) available += std::min(size, middle);
    if (available >= middle * batch_size) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

using BatchList = std::vector<std::vector<int64_t>>;

// The samples of groups that only one of the two batches has are shuffled and dealt anew.
// in: [groups] zeros, and zeros again afterwards.
void trade(std::vector<int64_t>& a, std::vector<int64_t>& b, const std::vector<int64_t>& groups,
           std::vector<uint8_t>& in, Random& random) {
  for (const int64_t sample : a) in[groups[sample]] |= 1;
  for (const int64_t sample : b) in[groups[sample]] |= 2;
  const auto shared = [&](int64_t sample) { return in[groups[sample]] == 3; };
  const auto own_a = std::stable_partition(a.begin(), a.end(), shared);
  const auto own_b = std::stable_partition(b.begin(), b.end(), shared);
  std::vector<int64_t> traded(own_a, a.end());
  traded.insert(traded.end(), own_b, b.end());
  for (const int64_t sample : a) in[groups[sample]] = 0;
  for (const int64_t sample : b) in[groups[sample]] = 0;
  shuffle(traded, random);
  const auto middle = traded.begin() + (a.end() - own_a);
  std::copy(traded.begin(), middle, own_a);
  std::copy(middle, traded.end(), own_b);
}

// Rounds of trades between random pairs; each batch meets enough others to forget the dealing.
void trade_all(BatchList& batches, const std::vector<int64_t>& groups, int64_t group_count,
               Random& random) {
  constexpr int rounds = 12;
  std::vector<uint8_t> in(group_count);
  for (int round = 0; round < rounds; ++round) {
    shuffle(batches, random);
    for (size_t i = 0; i + 1 < batches.size(); i += 2) {
      trade(batches[i], batches[i + 1], groups, in, random);
    }
  }
}

}  // namespace

Sampler::Sampler(std::vector<int64_t> groups, int64_t batch_size, bool unique_groups, uint64_t seed)
    : groups_(std::move(groups)),
      batch_size_(batch_size),
      unique_groups_(unique_groups),
      seed_(seed) {
  if (batch_size < 1) fail<ConfigError>("train.batch_size is {}; expected at least 1.", batch_size);
  if (groups_.size() > std::numeric_limits<uint32_t>::max()) {
    fail<ConfigError>("the table has {} samples; at most 4294967295 are possible.", groups_.size());
  }
  group_count_ = renumber(groups_);
  has_pairs_ = group_count_ < samples();
  if (samples() < batch_size) {
    fail<ConfigError>(
        "the training split has {} samples, fewer than a batch of {}; set "
        "train.batch_size to at most {}.",
        samples(), batch_size, samples());
  }
  batches_ = samples() / batch_size;
  if (!unique_groups || !has_pairs_) return;
  batches_ = most_batches(count_sizes(groups_, group_count_), samples(), batch_size);
  if (batches_ < 1) {
    fail<ConfigError>(
        "the training split has {} samples in {} groups, too few for a batch of {} "
        "from different groups; set train.batch_size to at most {}, or "
        "data.unique_groups to false.",
        samples(), group_count_, batch_size, group_count_);
  }
}

std::vector<int64_t> Sampler::epoch(int64_t epoch) const {
  Random random(seed_, static_cast<uint64_t>(epoch), 0, RandomUse::shuffle);
  std::vector<int64_t> order(groups_.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  const int64_t needed = batches_ * batch_size_;
  if (!unique_groups_ || !has_pairs_) {
    order.resize(needed);
    return order;
  }
  // The first of each group in random order, at most one a batch, until there are enough.
  std::vector<int64_t> taken(group_count_), first(group_count_, -1), kept;
  for (const int64_t sample : order) {
    const int64_t group = groups_[sample];
    if (static_cast<int64_t>(kept.size()) == needed || taken[group] == batches_) continue;
    if (taken[group]++ == 0) first[group] = static_cast<int64_t>(kept.size());
    kept.push_back(sample);
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [&](int64_t a, int64_t b) { return first[groups_[a]] < first[groups_[b]]; });
  BatchList batches(batches_);
  for (int64_t i = 0; i < needed; ++i) batches[i % batches_].push_back(kept[i]);
  trade_all(batches, groups_, group_count_, random);
  order.clear();
  for (const auto& batch : batches) order.insert(order.end(), batch.begin(), batch.end());
  return order;
}

}  // namespace tandem
