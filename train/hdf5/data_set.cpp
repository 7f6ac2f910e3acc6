#include "train/hdf5/data_set.h"

#include "core/error.h"

#include <algorithm>
#include <cstring>

namespace tandem {
namespace {

const Hdf5Message& needed(const Hdf5Object& object, Hdf5Message::Type type) {
  const Hdf5Message* message = only(*object.source(), object.messages(), type);
  if (message == nullptr) object.source()->damaged("a data set lacks its type, shape or layout");
  return *message;
}

uint64_t divided_up(uint64_t value, uint64_t by) { return value / by + (value % by != 0 ? 1 : 0); }

}  // namespace

Hdf5DataSet::Hdf5DataSet(const Hdf5Object& object) : source_(object.source()) {
  if (!object.is_data_set()) source_->refuse("has a group where a data set should be");
  type_ = read_type(*source_, needed(object, Hdf5Message::datatype).bytes);
  shape_ = read_shape(*source_, needed(object, Hdf5Message::dataspace).bytes);
  if (only(*source_, object.messages(), Hdf5Message::external_files) != nullptr) {
    source_->refuse("has a data set that lies in another file; that is refused");
  }
  layout_ = read_layout(*source_, needed(object, Hdf5Message::layout).bytes);
  if (const auto* filters = only(*source_, object.messages(), Hdf5Message::filters)) {
    filters_ = Hdf5Filters(*source_, filters->bytes);
  }
  const uint64_t most = source_->size() * largest_compression / type_.bytes;
  const auto elements = shape_.elements(most);
  if (!elements) source_->damaged("a data set has a shape that the file has no room for");
  elements_ = *elements;
  const uint64_t rows = shape_.lengths.empty() ? 1 : shape_.lengths[0];
  row_bytes_ = elements_ == 0 ? 0 : elements_ / rows * type_.bytes;
  if (elements_ > 0) find_values();
}

void Hdf5DataSet::find_values() {
  const uint64_t bytes = elements_ * type_.bytes;
  if (layout_.kind == Hdf5Layout::Kind::chunked) return make_grid();
  if (!filters_.empty()) source_->damaged("a data set is filtered, but not in chunks");
  if (layout_.kind == Hdf5Layout::Kind::compact) {
    if (layout_.values.size() == bytes) return;
  } else {
    if (layout_.address == Hdf5Source::undefined) {
      source_->refuse("has a data set with values that were never written");
    }
    if (layout_.bytes == bytes && bytes <= source_->size() &&
        layout_.address <= source_->size() - bytes) {
      return;
    }
  }
  source_->damaged("a data set has not the bytes that its shape needs");
}

void Hdf5DataSet::make_grid() {
  const size_t axes = shape_.lengths.size();
  if (axes != layout_.chunk.size() || layout_.element_bytes != type_.bytes) {
    source_->damaged("chunks do not fit their data set");
  }
  if (axes > 2)
    source_->refuse("has a data set in chunks of more than two axes; those are not read");
  const uint64_t most = source_->size() * largest_compression;
  grid_.chunk_bytes = type_.bytes;
  for (size_t axis = 0; axis < axes; ++axis) {
    const uint64_t length = layout_.chunk[axis];
    if (length == 0 || length > most / grid_.chunk_bytes) {
      source_->damaged("a data set has chunks that the file has no room for");
    }
    grid_.chunk_bytes *= length;
    grid_.counts.push_back(divided_up(shape_.lengths[axis], length));
    const uint64_t most_length = shape_.most[axis];
    grid_.most_counts.push_back(
        most_length == Hdf5Source::undefined ? most_length : divided_up(most_length, length));
  }
  chunks_ = read_chunks(*source_, layout_, filters_, grid_);
}

uint64_t Hdf5DataSet::address() const {
  return layout_.kind == Hdf5Layout::Kind::contiguous ? layout_.address : Hdf5Source::undefined;
}

void Hdf5DataSet::read_rows(uint64_t first, uint64_t count, std::span<std::byte> to) const {
  const uint64_t rows = shape_.lengths.empty() ? 1 : shape_.lengths[0];
  if (first > rows || count > rows - first || to.size() != count * row_bytes_) {
    fail<ShapeError>("{}: {} rows from {} on were asked for; there are {}.", source_->path(), count,
                     first, rows);
  }
  if (to.empty()) return;
  const uint64_t begin = first * row_bytes_;
  switch (layout_.kind) {
    case Hdf5Layout::Kind::compact:
      std::memcpy(to.data(), layout_.values.data() + begin, to.size());
      break;
    case Hdf5Layout::Kind::contiguous:
      source_->values(layout_.address + begin, to);
      break;
    case Hdf5Layout::Kind::chunked:
      read_chunked(first, count, to);
      break;
  }
}

Bytes Hdf5DataSet::read_all() const {
  Bytes all(elements_ * type_.bytes);
  if (!all.empty()) read_rows(0, shape_.lengths.empty() ? 1 : shape_.lengths[0], all);
  return all;
}

// The values of a chunk, whole, even where it reaches across the end.
Bytes Hdf5DataSet::chunk(uint64_t row, uint64_t column) const {
  const bool two = grid_.counts.size() == 2;
  const Hdf5Chunk& chunk = chunks_[row * (two ? grid_.counts[1] : 1) + column];
  Bytes stored(chunk.bytes);
  source_->values(chunk.address, stored);
  const bool across = (row + 1) * layout_.chunk[0] > shape_.lengths[0] ||
                      (two && (column + 1) * layout_.chunk[1] > shape_.lengths[1]);
  if (layout_.plain_edges && across) {
    if (stored.size() != grid_.chunk_bytes) source_->damaged("a chunk has another size");
    return stored;
  }
  return filters_.undo(*source_, std::move(stored), chunk.skipped, grid_.chunk_bytes);
}

void Hdf5DataSet::read_chunked(uint64_t first, uint64_t count, std::span<std::byte> to) const {
  const bool two = grid_.counts.size() == 2;
  const uint64_t chunk_rows = layout_.chunk[0];
  const uint64_t chunk_row_bytes = grid_.chunk_bytes / chunk_rows;
  for (uint64_t row = first / chunk_rows; row * chunk_rows < first + count; ++row) {
    const uint64_t begin = std::max(first, row * chunk_rows);
    const uint64_t end = std::min(first + count, (row + 1) * chunk_rows);
    for (uint64_t column = 0; column < (two ? grid_.counts[1] : 1); ++column) {
      const Bytes values = chunk(row, column);
      const uint64_t at = column * chunk_row_bytes;  // in a row
      const uint64_t bytes = std::min(chunk_row_bytes, row_bytes_ - at);
      for (uint64_t i = begin; i < end; ++i) {
        std::memcpy(to.data() + (i - first) * row_bytes_ + at,
                    values.data() + (i - row * chunk_rows) * chunk_row_bytes, bytes);
      }
    }
  }
}

}  // namespace tandem
