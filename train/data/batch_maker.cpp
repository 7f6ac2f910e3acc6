#include "train/data/batch_maker.h"

#include "core/error.h"
#include "train/data/patch_dropout.h"

#include <algorithm>
#include <numeric>

namespace tandem {
namespace {

// The first row of each file that holds many pictures, and of each run of rows without one.
std::vector<int64_t> shards_of(const std::vector<TableRow>& rows) {
  std::vector<int64_t> first;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || rows[i].file != rows[i - 1].file) first.push_back(static_cast<int64_t>(i));
  }
  return first;
}

SamplerOptions sampler_options(const std::vector<TableRow>& rows, const LoaderOptions& options) {
  SamplerOptions sampler{.batch_size = options.batch_size,
                         .unique_groups = options.data.unique_groups,
                         .seed = options.seed,
                         .shuffle_buffer = options.data.shuffle_buffer,
                         .shards = shards_of(rows),
                         .resample = options.data.dataset_resampled,
                         .epoch_samples = options.data.train_num_samples};
  const bool equal = std::all_of(rows.begin(), rows.end(),
                                 [](const TableRow& row) { return row.weight == 1; });
  for (size_t i = 0; i < rows.size() && !equal; ++i) sampler.weights.push_back(rows[i].weight);
  return sampler;
}

// A caption of a row, by its probabilities.
int64_t draw_caption(const TableRow& row, Random& random) {
  const auto choices = static_cast<uint32_t>(row.captions.size());
  if (row.probabilities.empty()) return random.below(choices);
  const float sum = std::accumulate(row.probabilities.begin(), row.probabilities.end(), 0.0f);
  float left = random.uniform() * sum;
  int64_t drawn = 0;
  while (drawn + 1 < choices && left >= row.probabilities[drawn]) {
    left -= row.probabilities[drawn++];
  }
  return drawn;
}

}  // namespace

BatchMaker::BatchMaker(std::vector<TableRow> rows, LoaderOptions options)
    : rows_(std::move(rows)),
      options_(std::move(options)),
      alpha_(alpha_from_name(options_.data.alpha)),
      normalization_(normalization_of(options_.data)),
      fit_(fit_of(options_.data)),
      sampler_(group_numbers(rows_), sampler_options(rows_, options_)),
      tokens_(rows_, options_.tokenize),
      pictures_(rows_, decode_for_training(options_.data, options_.image_size),
                options_.cache_bytes) {}

BatchMaker::Order BatchMaker::order_of(int64_t epoch) {
  const std::lock_guard lock(mutex_);
  Order& order = orders_[epoch];
  if (!order) order = std::make_shared<const std::vector<int64_t>>(sampler_.epoch(epoch));
  const Order found = order;
  // Threads are at most a few batches apart, and an epoch can be a single one; one that was
  // forgotten too early is made again.
  constexpr size_t most = 16, most_numbers = size_t{1} << 24;
  const auto too_many = [&] {
    return orders_.size() > most ||
           (orders_.size() > 2 && orders_.size() * found->size() > most_numbers);
  };
  while (too_many()) orders_.erase(orders_.begin());
  return found;
}

// Whether `sample` could stand in `slot` beside the rest of the batch.
bool BatchMaker::fits(const Batch& batch, int64_t slot, int64_t sample) const {
  for (int64_t i = 0; i < static_cast<int64_t>(batch.samples.size()); ++i) {
    if (batch.samples[i] == sample) return false;
    if (i == slot || !sampler_.unique_groups()) continue;
    if (sampler_.group(batch.samples[i]) == sampler_.group(sample)) return false;
  }
  return true;
}

// Its picture, or the features that stand in for it. `name` is the sample's in what is random.
void BatchMaker::draw_picture(int64_t epoch, int64_t sample, uint32_t name, Batch& batch,
                              int64_t slot, AugmentScratch& scratch) {
  if (options_.features) {
    const int64_t width = options_.features->width();
    std::vector<float> row;
    options_.features->read(std::span(&rows_[sample].feature, 1), row);
    std::copy(row.begin(), row.end(), batch.features.begin() + slot * width);
    return;
  }
  const std::shared_ptr<const Image> image = pictures_.get(sample);
  const int64_t values = 3 * options_.image_size * options_.image_size;
  augment(*image, options_.image_size, options_.data.augment, alpha_, normalization_,
          Random(options_.seed, static_cast<uint64_t>(epoch), name, RandomUse::augment),
          std::span(batch.pixels).subspan(slot * values, values), scratch, fit_);
}

// Puts a sample into a slot; false, with its reason in bad, where its picture can't be read.
bool BatchMaker::draw(int64_t epoch, int64_t sample, Batch& batch, int64_t slot,
                      std::vector<BadSample>& bad, AugmentScratch& scratch) {
  // A sample that comes several times in an epoch is changed in another way each time.
  const int64_t place = batch.index * options_.batch_size + slot;
  const auto name = static_cast<uint32_t>(sampler_.resamples() ? place : sample);
  try {
    draw_picture(epoch, sample, name, batch, slot, scratch);
  } catch (const DataError& error) {
    bad.push_back({sample, error.what()});
    return false;
  }
  const int64_t length = tokens_.context_length();
  Random random(options_.seed, static_cast<uint64_t>(epoch), name, RandomUse::caption);
  const bool first = random.uniform() < static_cast<float>(options_.data.first_caption);
  tokens_.copy(tokens_.first_of(sample) + (first ? 0 : draw_caption(rows_[sample], random)),
               std::span(batch.tokens).subspan(slot * length, length));
  if (!batch.kept_tokens.empty()) {
    const int64_t kept = options_.tokens.before() + options_.kept_patches;
    keep_patches(Random(options_.seed, static_cast<uint64_t>(epoch), name, RandomUse::patches),
                 slot, options_.tokens,
                 std::span(batch.kept_tokens).subspan(slot * kept, kept));
  }
  batch.samples[slot] = sample;
  return true;
}

void BatchMaker::make(int64_t epoch, int64_t index, Batch& batch, std::vector<BadSample>& bad,
                      AugmentScratch& scratch, const std::atomic<bool>& stop) {
  const Order order = order_of(epoch);
  const int64_t count = options_.batch_size, total = static_cast<int64_t>(order->size());
  const int64_t first = index * count;
  batch.epoch = epoch;
  batch.index = index;
  const int64_t values = 3 * options_.image_size * options_.image_size;
  batch.pixels.resize(options_.features ? 0 : count * values);
  batch.features.resize(options_.features ? count * options_.features->width() : 0);
  batch.tokens.resize(count * tokens_.context_length());
  const int64_t kept = options_.tokens.before() + options_.kept_patches;
  const bool drops_patches = options_.kept_patches < options_.tokens.patches;
  batch.kept_tokens.resize(drops_patches ? count * kept : 0);
  batch.samples.assign(order->begin() + first, order->begin() + first + count);
  bad.clear();
  for (int64_t slot = 0; slot < count; ++slot) {
    if (stop) return;
    if (draw(epoch, batch.samples[slot], batch, slot, bad, scratch)) continue;
    bool done = false;
    for (int64_t step = count; step < total && !done; ++step) {
      if (static_cast<int64_t>(bad.size()) > options_.data.max_bad_samples || stop) return;
      const int64_t candidate = (*order)[(first + step) % total];
      const bool known_bad = std::any_of(
          bad.begin(), bad.end(), [&](const BadSample& one) { return one.sample == candidate; });
      if (known_bad || !fits(batch, slot, candidate)) continue;
      done = draw(epoch, candidate, batch, slot, bad, scratch);
    }
    if (done) continue;
    if (static_cast<int64_t>(bad.size()) > options_.data.max_bad_samples) return;
    fail<DataError>("{} No other sample of the epoch can take its place in the batch.",
                    bad.back().reason);
  }
}

}  // namespace tandem
