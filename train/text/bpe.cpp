#include "train/text/bpe.h"

#include "core/error.h"
#include "train/text/byte_symbols.h"
#include "train/text/clean.h"
#include "train/text/words.h"

#include <nlohmann/json.hpp>

#include <mutex>
#include <queue>

namespace tandem {
namespace {

constexpr size_t kLongestCachedWord = 64;
constexpr size_t kMaxCachedWords = size_t{1} << 16;

uint64_t pair_key(int32_t first, int32_t second) {
  return static_cast<uint64_t>(first) << 32 | static_cast<uint32_t>(second);
}

// All symbols in the order of their ids, as merge lists write them.
std::vector<std::string> written_symbols(const std::vector<Merge>& merges) {
  std::vector<std::string> symbols;
  symbols.reserve(2 * kByteCount + merges.size());
  for (const uint8_t byte : bytes_in_id_order()) symbols.push_back(symbol_of_byte(byte));
  for (const uint8_t byte : bytes_in_id_order())
    symbols.push_back(symbol_of_byte(byte) + std::string(kWordEnd));
  for (const auto& merge : merges) symbols.push_back(merge.first + merge.second);
  return symbols;
}

// A pair of neighbours in a word that may be merged, unless one of them has changed since.
struct Candidate {
  int32_t rank;
  int32_t at;  // place of the first one
  int32_t first;
  int32_t second;
  int32_t joined;

  bool operator>(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

}  // namespace

BpeTokenizer::BpeTokenizer(std::vector<Merge> merges) : merges_(std::move(merges)) {
  const auto symbols = written_symbols(merges_);
  // Two merges may make the same symbol; the last of its ids counts, as in CLIP.
  SymbolIds ids;
  for (size_t id = 0; id < symbols.size(); ++id) ids[symbols[id]] = static_cast<int32_t>(id);
  for (const auto& symbol : symbols) symbols_.push_back(bytes_of_symbol(symbol));
  number_bytes(ids);
  number_merges(ids);
}

BpeTokenizer::BpeTokenizer(std::vector<Merge> merges, std::vector<std::string> symbols)
    : merges_(std::move(merges)), written_(std::move(symbols)) {
  SymbolIds ids;
  for (const auto& symbol : written_) {
    if (!ids.emplace(symbol, static_cast<int32_t>(ids.size())).second)
      fail<DataError>("tokenizer: symbol '{}' has two ids; the vocabulary is damaged.",
                      valid_utf8(symbol));
    symbols_.push_back(bytes_of_symbol(symbol));
  }
  number_bytes(ids);
  number_merges(ids);
  if (written_ == written_symbols(merges_)) written_.clear();
}

void BpeTokenizer::number_bytes(const SymbolIds& ids) {
  byte_ids_.resize(2 * kByteCount);
  for (int32_t i = 0; i < 2 * kByteCount; ++i) {
    auto symbol = symbol_of_byte(static_cast<uint8_t>(i % kByteCount));
    if (i >= kByteCount) symbol += kWordEnd;
    const auto found = ids.find(symbol);
    if (found == ids.end())
      fail<DataError>(
          "tokenizer: the vocabulary lacks '{}', which stands for byte {}{}; one that "
          "has all bytes, like CLIP's, was expected.",
          symbol, i % kByteCount, i < kByteCount ? "" : " at the end of a word");
    byte_ids_[i] = found->second;
  }
}

void BpeTokenizer::number_merges(const SymbolIds& ids) {
  for (size_t rank = 0; rank < merges_.size(); ++rank) {
    const auto& [first, second] = merges_[rank];
    const auto first_id = ids.find(first);
    const auto second_id = ids.find(second);
    if (first_id == ids.end() || second_id == ids.end())
      fail<DataError>(
          "tokenizer: merge {} joins '{}', which is neither a byte nor a merge's "
          "result; the list is damaged.",
          rank, valid_utf8(first_id == ids.end() ? first : second));
    const auto joined = ids.find(first + second);
    if (joined == ids.end())
      fail<DataError>(
          "tokenizer: merge {} makes '{}', which the vocabulary lacks; are the merges "
          "and the vocabulary of one tokenizer?",
          rank, valid_utf8(first + second));
    joints_[pair_key(first_id->second, second_id->second)] = {static_cast<int32_t>(rank),
                                                              joined->second};
  }
}

const BpeTokenizer::Joint* BpeTokenizer::joint_of(int32_t first, int32_t second) const {
  const auto found = joints_.find(pair_key(first, second));
  return found == joints_.end() ? nullptr : &found->second;
}

// Merges by rank, then from the left. A queue keeps it n log n in the length of the word, however
// long somebody's caption without spaces is.
std::vector<int32_t> BpeTokenizer::encode_word(std::string_view word) const {
  const auto count = static_cast<int32_t>(word.size());
  std::vector<int32_t> ids(count), next(count), previous(count);
  for (int32_t i = 0; i < count; ++i) {
    ids[i] = byte_ids_[static_cast<uint8_t>(word[i]) + (i + 1 == count ? kByteCount : 0)];
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](int32_t at) {
    if (at < 0 || next[at] >= count) return;
    const int32_t second = ids[next[at]];
    if (const auto* joint = joint_of(ids[at], second))
      queue.push({joint->rank, at, ids[at], second, joint->id});
  };
  for (int32_t i = 0; i + 1 < count; ++i) consider(i);

  constexpr int32_t kGone = -1;
  while (!queue.empty()) {
    const auto top = queue.top();
    queue.pop();
    const int32_t second = next[top.at];
    if (ids[top.at] != top.first || second >= count || ids[second] != top.second) continue;
    ids[top.at] = top.joined;
    ids[second] = kGone;
    next[top.at] = next[second];
    if (next[second] < count) previous[next[second]] = top.at;
    consider(previous[top.at]);
    consider(top.at);
  }
  std::erase(ids, kGone);
  return ids;
}

void BpeTokenizer::append_word(std::string_view word, std::vector<int32_t>& ids) const {
  if (word == kStartToken || word == kEndToken) {
    ids.push_back(word == kStartToken ? start_id() : end_id());
    return;
  }
  if (word.size() > kLongestCachedWord) {
    const auto encoded = encode_word(word);
    ids.insert(ids.end(), encoded.begin(), encoded.end());
    return;
  }
  const std::string key(word);
  {
    const std::shared_lock lock(cache_mutex_);
    const auto found = cache_.find(key);
    if (found != cache_.end()) {
      ids.insert(ids.end(), found->second.begin(), found->second.end());
      return;
    }
  }
  const auto encoded = encode_word(word);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  const std::unique_lock lock(cache_mutex_);
  if (cache_.size() < kMaxCachedWords) cache_.emplace(key, encoded);
}

std::vector<int32_t> BpeTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  const auto clean = clean_text(text);
  for_each_word(clean, [&](std::string_view word) { append_word(word, ids); });
  return ids;
}

std::string BpeTokenizer::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (const int32_t id : ids) {
    if (id == end_id()) break;
    if (id == start_id()) continue;
    if (id < 0 || id > end_id())
      fail<DataError>(
          "tokenizer: token {} is outside its vocabulary of {}; was it made by another "
          "tokenizer?",
          id, vocab_size());
    text += symbols_[id];
  }
  if (text.ends_with(' ')) text.pop_back();
  return valid_utf8(text);
}

std::string BpeTokenizer::serialize() const {
  auto lines = nlohmann::json::array();
  for (const auto& [first, second] : merges_) lines.push_back(first + ' ' + second);
  nlohmann::json document{{"kind", "bpe"}, {"format", 1}, {"merges", lines}};
  if (!written_.empty()) document["symbols"] = written_;
  return document.dump();
}

Merge merge_from_line(std::string_view line, size_t index) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || space + 1 == line.size() ||
      line.find(' ', space + 1) != std::string_view::npos)
    fail<DataError>("tokenizer: merge {} is '{}'; expected two symbols with a space between them.",
                    index, valid_utf8(line.substr(0, 60)));
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

std::vector<Merge> merges_from_text(std::string_view text, size_t limit) {
  std::vector<Merge> merges;
  size_t at = text.find('\n');  // the first line is a header
  while (at < text.size() && merges.size() < limit) {
    const size_t begin = at + 1;
    at = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, at - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) merges.push_back(merge_from_line(line, merges.size()));
  }
  if (merges.empty()) fail<DataError>("tokenizer: there is no merge in the file.");
  return merges;
}

}  // namespace tandem
