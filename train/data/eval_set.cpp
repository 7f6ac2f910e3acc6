#include "train/data/eval_set.h"

#include "core/error.h"

#include <algorithm>
#include <exception>

namespace tandem {

EvalSet::EvalSet(std::vector<TableRow> rows, const DataConfig& data, int64_t image_size,
                 const Tokenize& tokenize, int64_t cache_bytes)
    : rows_(std::move(rows)),
      decode_{alpha_from_name(data.alpha), data.max_pixels},
      normalization_(normalization_of(data)),
      fit_(fit_of(data)),
      image_size_(image_size),
      tokens_(rows_, tokenize),
      groups_(group_numbers(rows_)),
      squares_(rows_.size()),
      kept_(cache_bytes / (image_size * image_size * 3)),
      threads_(static_cast<int>(std::clamp<int64_t>(data.workers, 1, 256))) {
  for (int64_t picture = 0; picture < pictures(); ++picture) {
    picture_of_.insert(picture_of_.end(), tokens_.captions_of(picture), picture);
  }
}

const std::string& EvalSet::caption(int64_t caption) const {
  const int64_t picture = picture_of_[caption];
  return rows_[picture].captions[caption - tokens_.first_of(picture)];
}

Image EvalSet::square(int64_t picture) {
  if (squares_[picture].width > 0) return squares_[picture];
  Image square = resize_to_square(load_picture(rows_[picture], decode_), image_size_, fit_);
  if (picture < kept_) squares_[picture] = square;
  return square;
}

void EvalSet::for_each(int64_t count, const std::function<void(int64_t)>& picture) {
  std::vector<std::exception_ptr> errors(count);
  threads_.run(count, [&](int64_t i) {
    try {
      picture(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const auto& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void EvalSet::check_files() {
  for_each(pictures(), [this](int64_t i) {
    if (!rows_[i].file) check_picture_file(rows_[i].image);
  });
}

void EvalSet::pixels(int64_t begin, int64_t count, std::vector<float>& out) {
  if (begin < 0 || count < 0 || begin > pictures() - count) {
    fail<DataError>("eval set: pictures {} to {} asked for; there are {}.", begin, begin + count,
                    pictures());
  }
  const int64_t values = 3 * image_size_ * image_size_;
  out.resize(count * values);
  for_each(count, [&](int64_t i) {
    normalize(square(begin + i), normalization_, std::span(out).subspan(i * values, values));
  });
}

std::vector<float> EvalSet::features() const {
  std::vector<int64_t> wanted;
  for (const TableRow& row : rows_) wanted.push_back(row.feature);
  std::vector<float> values;
  features_->read(wanted, values);
  return values;
}

void EvalSet::tokens(int64_t begin, int64_t count, std::vector<int32_t>& out) const {
  if (begin < 0 || count < 0 || begin > captions() - count) {
    fail<DataError>("eval set: captions {} to {} asked for; there are {}.", begin, begin + count,
                    captions());
  }
  const int64_t length = context_length();
  out.resize(count * length);
  for (int64_t i = 0; i < count; ++i) {
    tokens_.copy(begin + i, std::span(out).subspan(i * length, length));
  }
}

}  // namespace tandem
