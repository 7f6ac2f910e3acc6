#include "train/data/sampler.h"

#include "core/error.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

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

// The index of a value in [0, sum) among intervals that end at `cumulative`; 53 random bits.
int64_t draw(const std::vector<double>& cumulative, int64_t count, Random& random) {
  const double high = random.bits() >> 5, low = random.bits() >> 6;
  const double unit = (high * 0x1p26 + low) * 0x1p-53;
  if (cumulative.empty()) return static_cast<int64_t>(unit * static_cast<double>(count));
  const auto found =
      std::upper_bound(cumulative.begin(), cumulative.end(), unit * cumulative.back());
  return std::min<int64_t>(found - cumulative.begin(), count - 1);
}

[[noreturn]] void refuse_batch(int64_t samples, int64_t groups, int64_t batch_size) {
  fail<ConfigError>(
      "the training split has {} samples in {} groups, too few for a batch of {} "
      "from different groups; set train.batch_size times train.accum_freq to at most {}, or "
      "data.unique_groups to false.",
      samples, groups, batch_size, groups);
}

}  // namespace

Sampler::Sampler(std::vector<int64_t> groups, SamplerOptions options)
    : groups_(std::move(groups)), options_(std::move(options)) {
  const int64_t batch_size = options_.batch_size;
  if (batch_size < 1) fail<ConfigError>("train.batch_size is {}; expected at least 1.", batch_size);
  if (groups_.size() > std::numeric_limits<uint32_t>::max()) {
    fail<ConfigError>("the table has {} samples; at most 4294967295 are possible.", groups_.size());
  }
  group_count_ = renumber(groups_);
  has_pairs_ = group_count_ < samples();
  if (options_.resample) {
    prepare_drawing();
    return;
  }
  if (samples() < batch_size) {
    fail<ConfigError>(
        "the training split has {} samples, fewer than a batch of {}; set "
        "train.batch_size times train.accum_freq to at most {}.",
        samples(), batch_size, samples());
  }
  batches_ = samples() / batch_size;
  if (!options_.unique_groups || !has_pairs_) return;
  if (options_.shuffle_buffer > 0) {
    fail<ConfigError>(
        "data.shuffle_buffer is {}, which can't keep samples of one group apart; set "
        "data.unique_groups to false, or data.shuffle_buffer to 0.",
        options_.shuffle_buffer);
  }
  batches_ = most_batches(count_sizes(groups_, group_count_), samples(), batch_size);
  if (batches_ < 1) refuse_batch(samples(), group_count_, batch_size);
}

void Sampler::prepare_drawing() {
  const int64_t drawn = options_.epoch_samples > 0 ? options_.epoch_samples : samples();
  batches_ = drawn / options_.batch_size;
  if (batches_ < 1 || samples() < 1) {
    fail<ConfigError>(
        "an epoch draws {} samples, fewer than a batch of {}; set data.train_num_samples to at "
        "least that.",
        drawn, options_.batch_size);
  }
  if (options_.unique_groups && group_count_ < options_.batch_size) {
    refuse_batch(samples(), group_count_, options_.batch_size);
  }
  double sum = 0;
  for (const double weight : options_.weights) cumulative_.push_back(sum += weight);
}

std::vector<int64_t> Sampler::shuffled(Random& random) const {
  std::vector<int64_t> order(groups_.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, random);
  return order;
}

std::vector<int64_t> Sampler::through_buffer(Random& random) const {
  std::vector<int64_t> shards(options_.shards.size()), buffer, order;
  std::iota(shards.begin(), shards.end(), 0);
  shuffle(shards, random);
  for (const int64_t shard : shards) {
    const bool last = shard + 1 == static_cast<int64_t>(shards.size());
    const int64_t end = last ? samples() : options_.shards[shard + 1];
    for (int64_t sample = options_.shards[shard]; sample < end; ++sample) {
      if (static_cast<int64_t>(buffer.size()) < options_.shuffle_buffer) {
        buffer.push_back(sample);
        continue;
      }
      int64_t& drawn = buffer[random.below(static_cast<uint32_t>(buffer.size()))];
      order.push_back(drawn);
      drawn = sample;
    }
  }
  shuffle(buffer, random);
  order.insert(order.end(), buffer.begin(), buffer.end());
  return order;
}

// Appends a batch, drawn with replacement.
void Sampler::draw_batch(Random random, std::vector<int64_t>& order) const {
  constexpr int most_tries = 32;
  std::unordered_set<int64_t> taken;  // groups
  for (int64_t slot = 0; slot < options_.batch_size; ++slot) {
    int64_t sample = draw(cumulative_, samples(), random);
    if (options_.unique_groups) {
      for (int tries = 1; tries < most_tries && taken.contains(groups_[sample]); ++tries) {
        sample = draw(cumulative_, samples(), random);
      }
      // What is left is rare or of small weight: the next in the table.
      while (!taken.insert(groups_[sample]).second) sample = (sample + 1) % samples();
    }
    order.push_back(sample);
  }
}

std::vector<int64_t> Sampler::epoch(int64_t epoch) const {
  const int64_t needed = batches_ * options_.batch_size;
  const auto number = static_cast<uint64_t>(epoch);
  if (options_.resample) {
    std::vector<int64_t> order;
    for (int64_t batch = 0; batch < batches_; ++batch) {
      const auto name = static_cast<uint32_t>(batch);
      draw_batch(Random(options_.seed, number, name, RandomUse::sample), order);
    }
    return order;
  }
  Random random(options_.seed, number, 0, RandomUse::shuffle);
  std::vector<int64_t> order =
      options_.shuffle_buffer > 0 ? through_buffer(random) : shuffled(random);
  if (options_.unique_groups && has_pairs_) return apart(std::move(order), random);
  order.resize(needed);
  return order;
}

// The samples of `order` in batches without two of a group.
std::vector<int64_t> Sampler::apart(std::vector<int64_t> order, Random& random) const {
  const int64_t needed = batches_ * options_.batch_size;
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
