#include "train/data/caption_tokens.h"

#include "core/error.h"

#include <algorithm>

namespace tandem {

CaptionTokens::CaptionTokens(const std::vector<TableRow>& rows, const Tokenize& tokenize) {
  first_.push_back(0);
  start_.push_back(0);
  for (const TableRow& row : rows) {
    for (const std::string& caption : row.captions) {
      std::vector<int32_t> ids = tokenize(caption);
      if (length_ == 0) length_ = static_cast<int64_t>(ids.size());
      if (ids.empty() || static_cast<int64_t>(ids.size()) != length_) {
        fail<DataError>(
            "tokens: the caption '{}' has {} ids; expected the {} of the first caption.", caption,
            ids.size(), length_);
      }
      while (ids.size() > 1 && ids[ids.size() - 2] == ids.back()) ids.pop_back();
      ids_.insert(ids_.end(), ids.begin(), ids.end());
      start_.push_back(ids_.size());
    }
    first_.push_back(captions());
  }
}

void CaptionTokens::copy(int64_t caption, std::span<int32_t> out) const {
  const auto begin = ids_.begin() + static_cast<int64_t>(start_[caption]);
  const auto end = ids_.begin() + static_cast<int64_t>(start_[caption + 1]);
  std::fill(std::copy(begin, end, out.begin()), out.end(), *(end - 1));
}

}  // namespace tandem
