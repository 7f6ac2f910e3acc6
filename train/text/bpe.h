// Byte-level byte-pair encoding as CLIP has it (Sennrich et al. 2016, section 3.2; Radford et al.
// 2021, section 2.4): a cleaned, lower-cased caption is split into words; each word starts as its
// bytes, the last one marked `</w>`, and the merges are applied in the order of the list.
//
// Ids: 256 bytes, 256 bytes that end a word, one a merge, start, end; or as a vocabulary lists
// them.
#pragma once

#include "train/text/tokenizer.h"

#include <shared_mutex>
#include <span>
#include <unordered_map>

namespace tandem {

// Two symbols that become one. Bytes are written as their printable stand-ins.
struct Merge {
  std::string first;
  std::string second;
};

class BpeTokenizer final : public Tokenizer {
 public:
  // Throws DataError if a merge names a symbol that is neither a byte nor another merge's result.
  explicit BpeTokenizer(std::vector<Merge> merges);

  // The same with the symbols, as merge lists write them, in the order of their ids; start and end
  // come after them. Throws DataError also if one occurs twice, or a byte or a merge's result is
  // not among them.
  BpeTokenizer(std::vector<Merge> merges, std::vector<std::string> symbols);

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<int32_t>& ids) const override;
  int64_t vocab_size() const override { return static_cast<int64_t>(symbols_.size()) + 2; }
  std::string serialize() const override;

 private:
  using SymbolIds = std::unordered_map<std::string_view, int32_t>;

  struct Joint {
    int32_t rank;  // place in the list of merges
    int32_t id;    // of the joined symbol
  };

  void append_word(std::string_view word, std::vector<int32_t>& ids) const;
  std::vector<int32_t> encode_word(std::string_view word) const;
  const Joint* joint_of(int32_t first, int32_t second) const;

  void number_bytes(const SymbolIds& ids);
  void number_merges(const SymbolIds& ids);

  std::vector<Merge> merges_;
  std::vector<std::string> written_;            // the symbols, where they have ids of their own
  std::vector<std::string> symbols_;            // by id; the bytes, with a space for `</w>`
  std::vector<int32_t> byte_ids_;               // [512], by byte, and by 256 + byte at a word's end
  std::unordered_map<uint64_t, Joint> joints_;  // by first << 32 | second

  // Words already encoded; captions repeat theirs. Bounded, and guarded by the mutex.
  mutable std::shared_mutex cache_mutex_;
  mutable std::unordered_map<std::string, std::vector<int32_t>> cache_;
};

// The merge that "first second" names; `index` is its place, for the message. Throws DataError.
Merge merge_from_line(std::string_view line, size_t index);

// Lines of CLIP's list that CLIP itself reads.
inline constexpr size_t kClipMerges = 49152 - 256 - 2;

// The merges of a list in CLIP's format: a header line, then one merge a line, of which at most
// `limit` are read. Throws DataError.
std::vector<Merge> merges_from_text(std::string_view text, size_t limit);

// Learns a tokenizer of at most vocab_size ids from captions: again and again the most frequent
// pair of neighbouring symbols (ties: the one with the smaller ids) is merged, until the size is
// reached or no pair occurs min_count times. The same captions, in any order, give the same
// tokenizer. Throws ConfigError for a vocab_size below 514 (the bytes, start and end) or above a
// million.
std::unique_ptr<Tokenizer> train_bpe(std::span<const std::string> captions, int64_t vocab_size,
                                     int64_t min_count = 2);

}  // namespace tandem
