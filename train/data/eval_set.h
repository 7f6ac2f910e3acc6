// The pictures and captions of a split, in order and unchanged by chance.
#pragma once

#include "core/cpu/threads.h"
#include "train/config/run_config.h"
#include "train/data/augment.h"
#include "train/data/caption_tokens.h"
#include "train/data/table.h"
#include "train/features/feature_rows.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace tandem {

// One thread at a time.
class EvalSet {
 public:
  // rows: those of the split. Of `data` mean, std, interpolation, resize_mode,
  // alpha, max_pixels and workers are read. The
  // squares that the model sees stay in memory up to cache_bytes. Throws as CaptionTokens does.
  EvalSet(std::vector<TableRow> rows, const DataConfig& data, int64_t image_size,
          const Tokenize& tokenize, int64_t cache_bytes = int64_t{1} << 28);

  // The same where features stand in for pictures: of TableRow::feature.
  void use_features(std::shared_ptr<const FeatureRows> features) { features_ = std::move(features); }
  bool has_pictures() const { return features_ == nullptr; }

  int64_t pictures() const { return static_cast<int64_t>(rows_.size()); }
  int64_t captions() const { return tokens_.captions(); }
  int64_t context_length() const { return tokens_.context_length(); }
  const std::vector<TableRow>& rows() const { return rows_; }             // [pictures]
  const std::vector<int64_t>& groups() const { return groups_; }          // [pictures]
  const std::vector<int64_t>& picture_of() const { return picture_of_; }  // [captions]
  const std::string& caption(int64_t caption) const;

  // Looks at the first bytes of pictures that are files of their own. Throws DataError for one that
  // is missing or begins as no picture does.
  void check_files();

  // Pictures [begin, begin + count): out becomes [count, 3, S, S], normalized, in the rows' order.
  // Throws DataError for a picture that can't be read.
  void pixels(int64_t begin, int64_t count, std::vector<float>& out);

  // Of all pictures, [pictures, E]; of a set that has them in place of pictures.
  std::vector<float> features() const;

  // Captions [begin, begin + count): out becomes [count, T].
  void tokens(int64_t begin, int64_t count, std::vector<int32_t>& out) const;

  // A picture as the model sees it, [S, S, 3], before normalization. Throws as pixels() does.
  Image square(int64_t picture);

 private:
  std::vector<TableRow> rows_;
  DecodeOptions decode_;
  Normalization normalization_;
  Fit fit_;
  int64_t image_size_;
  CaptionTokens tokens_;
  std::vector<int64_t> groups_;
  std::vector<int64_t> picture_of_;
  std::vector<Image> squares_;  // [pictures]; of those after the first `kept_` nothing
  int64_t kept_;
  std::shared_ptr<const FeatureRows> features_;  // or null
  Threads threads_;

  // Calls `picture` with 0 to count by the threads; throws the first's error in that order.
  void for_each(int64_t count, const std::function<void(int64_t)>& picture);
};

}  // namespace tandem
