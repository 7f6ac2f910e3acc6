// Every caption of some rows as token ids, made once.
#pragma once

#include "train/data/table.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tandem {

// A caption's ids with start and end, cut or padded to T, the same T for every caption.
using Tokenize = std::function<std::vector<int32_t>(const std::string& caption)>;

class CaptionTokens {
 public:
  // Throws DataError if tokenize returns no ids, or different numbers of them.
  CaptionTokens(const std::vector<TableRow>& rows, const Tokenize& tokenize);

  int64_t context_length() const { return length_; }  // T
  int64_t captions() const { return static_cast<int64_t>(start_.size()) - 1; }
  int64_t captions_of(int64_t row) const { return first_[row + 1] - first_[row]; }
  int64_t first_of(int64_t row) const { return first_[row]; }  // among all captions

  // Writes one caption's ids; out: [T].
  void copy(int64_t caption, std::span<int32_t> out) const;

 private:
  int64_t length_ = 0;
  std::vector<int64_t> first_;  // [rows + 1] the first caption of each row
  std::vector<size_t> start_;   // [captions + 1] in ids_
  std::vector<int32_t> ids_;    // of a padding only the first, which copy() repeats
};

}  // namespace tandem
