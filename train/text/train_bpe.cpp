#include "core/error.h"
#include "train/text/bpe.h"
#include "train/text/byte_symbols.h"
#include "train/text/clean.h"
#include "train/text/words.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>

namespace tandem {
namespace {

using Pair = std::pair<int32_t, int32_t>;
constexpr int64_t kFixedIds = 2 * kByteCount + 2;  // the bytes, start and end
constexpr int64_t kMaxVocab = 1'000'000;

struct PairHash {
  size_t operator()(const Pair& pair) const {
    return (static_cast<uint64_t>(pair.first) << 32 | static_cast<uint32_t>(pair.second)) *
           0x9e3779b97f4a7c15u;
  }
};

struct Word {
  std::vector<int32_t> ids;
  int64_t count;
};

// How often a pair occurred when this was noted. The queue gives the largest count, then the
// smallest pair.
struct Noted {
  int64_t count;
  Pair pair;
  bool operator<(const Noted& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

std::map<std::string, int64_t> count_words(std::span<const std::string> captions) {
  std::map<std::string, int64_t> counts;
  for (const auto& caption : captions) {
    const auto clean = clean_text(caption);
    for_each_word(clean, [&](std::string_view word) {
      if (word != kStartToken && word != kEndToken) ++counts[std::string(word)];
    });
  }
  return counts;
}

class Trainer {
 public:
  explicit Trainer(std::span<const std::string> captions) {
    std::array<int32_t, kByteCount> id_of_byte;
    for (const std::string_view end : {std::string_view(), kWordEnd}) {
      for (const uint8_t byte : bytes_in_id_order()) {
        if (end.empty()) id_of_byte[byte] = static_cast<int32_t>(symbols_.size());
        symbols_.push_back(symbol_of_byte(byte) + std::string(end));
      }
    }
    for (size_t id = 0; id < symbols_.size(); ++id) ids_[symbols_[id]] = static_cast<int32_t>(id);
    for (const auto& [text, count] : count_words(captions)) {
      Word word{{}, count};
      for (const char byte : text) word.ids.push_back(id_of_byte[static_cast<uint8_t>(byte)]);
      word.ids.back() += kByteCount;
      words_.push_back(std::move(word));
    }
    for (size_t word = 0; word < words_.size(); ++word) add_pairs(word, 1);
    for (const auto& [pair, count] : counts_) queue_.push({count, pair});
  }

  std::vector<Merge> run(int64_t merge_count, int64_t min_count) {
    std::vector<Merge> merges;
    while (static_cast<int64_t>(merges.size()) < merge_count && !queue_.empty()) {
      const auto [count, pair] = queue_.top();
      queue_.pop();
      if (count != counts_[pair]) continue;  // noted before a change; the change was noted too
      if (count < min_count) break;
      merges.push_back({symbols_[pair.first], symbols_[pair.second]});
      merge(pair);
    }
    return merges;
  }

 private:
  // Counts the pairs of a word, or with sign -1 takes them away again.
  void add_pairs(size_t index, int sign) {
    const auto& word = words_[index];
    for (size_t i = 0; i + 1 < word.ids.size(); ++i) {
      const Pair pair{word.ids[i], word.ids[i + 1]};
      counts_[pair] += sign * word.count;
      changed_.push_back(pair);
      auto& places = places_[pair];
      if (sign > 0 && (places.empty() || places.back() != index)) places.push_back(index);
    }
  }

  int32_t id_of(const std::string& symbol) {
    const auto [entry, is_new] = ids_.try_emplace(symbol, static_cast<int32_t>(symbols_.size()));
    if (is_new) symbols_.push_back(symbol);
    return entry->second;
  }

  void merge(Pair pair) {
    const int32_t joined = id_of(symbols_[pair.first] + symbols_[pair.second]);
    changed_.clear();
    const auto places = std::move(places_[pair]);
    for (const size_t index : places) {
      add_pairs(index, -1);
      auto& ids = words_[index].ids;
      size_t kept = 0;
      for (size_t i = 0; i < ids.size(); ++kept) {
        const bool here = i + 1 < ids.size() && Pair{ids[i], ids[i + 1]} == pair;
        ids[kept] = here ? joined : ids[i];
        i += here ? 2 : 1;
      }
      ids.resize(kept);
      add_pairs(index, 1);
    }
    counts_.erase(pair);
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const auto& changed : changed_) {
      const auto count = counts_.find(changed);
      if (count != counts_.end() && count->second > 0) queue_.push({count->second, changed});
    }
  }

  std::vector<std::string> symbols_;  // by id
  std::unordered_map<std::string, int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<Pair, int64_t, PairHash> counts_;
  std::unordered_map<Pair, std::vector<size_t>, PairHash> places_;  // words that have, or had, it
  std::vector<Pair> changed_;
  std::priority_queue<Noted> queue_;
};

}  // namespace

std::unique_ptr<Tokenizer> train_bpe(std::span<const std::string> captions, int64_t vocab_size,
                                     int64_t min_count) {
  if (vocab_size < kFixedIds || vocab_size > kMaxVocab)
    fail<ConfigError>(
        "tokenizer: a vocab_size of {} is not possible; use {} (every byte twice, "
        "start and end) to {}.",
        vocab_size, kFixedIds, kMaxVocab);
  return std::make_unique<BpeTokenizer>(Trainer(captions).run(vocab_size - kFixedIds, min_count));
}

}  // namespace tandem
