// Decoded pictures, kept in memory as far as a budget goes.
#pragma once

#include "train/data/image.h"
#include "train/data/table.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tandem {

// Thread-safe. Pictures are kept in the order of their first use until the budget is spent, and
// then stay: every epoch uses each picture once, so a cache that evicts would always evict what
// comes next.
class PictureCache {
 public:
  // `rows` must outlive the cache.
  PictureCache(const std::vector<TableRow>& rows, DecodeOptions options, int64_t budget_bytes);

  // The picture of a row. Throws DataError where it can't be read, every time anew.
  std::shared_ptr<const Image> get(int64_t row);

 private:
  struct Entry {
    std::shared_ptr<const Image> image;
    std::string error;  // why it can't be read; empty if it can
  };

  const std::vector<TableRow>& rows_;
  DecodeOptions options_;
  std::mutex mutex_;
  int64_t budget_;              // bytes left
  std::vector<Entry> entries_;  // [rows]
};

}  // namespace tandem
