#include "train/data/picture_cache.h"

#include "core/error.h"

namespace tandem {

PictureCache::PictureCache(const std::vector<TableRow>& rows, DecodeOptions options,
                           int64_t budget_bytes)
    : rows_(rows), options_(options), budget_(budget_bytes), entries_(rows.size()) {}

std::shared_ptr<const Image> PictureCache::get(int64_t row) {
  {
    const std::lock_guard lock(mutex_);
    if (!entries_[row].error.empty()) throw DataError(entries_[row].error);
    if (entries_[row].image) return entries_[row].image;
  }
  std::shared_ptr<const Image> image;
  try {
    image = std::make_shared<const Image>(load_picture(rows_[row], options_));
  } catch (const DataError& error) {
    const std::lock_guard lock(mutex_);
    entries_[row].error = error.what();
    throw;
  }
  const std::lock_guard lock(mutex_);
  const auto bytes = static_cast<int64_t>(image->rgb.size());
  if (!entries_[row].image && bytes <= budget_) {
    budget_ -= bytes;
    entries_[row].image = image;
  }
  return image;
}

}  // namespace tandem
