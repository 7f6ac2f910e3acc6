#include "train/hdf5/chunks.h"

#include "train/hdf5/btree1.h"
#include "train/hdf5/btree2.h"
#include "train/hdf5/chunk_arrays.h"

#include <algorithm>

namespace tandem {
namespace {

constexpr const char* what = "the index of a data set's chunks";

class ChunkReader {
 public:
  ChunkReader(const Hdf5Source& source, const Hdf5Layout& layout, const Hdf5Filters& filters,
              const Hdf5Grid& grid)
      : source_(source), layout_(layout), filters_(filters), grid_(grid) {}

  std::vector<Hdf5Chunk> read() {
    uint64_t count = 1;
    for (const uint64_t along : grid_.counts) {
      // A chunk's place takes at least 8 bytes, wherever it is noted.
      if (along == 0 || along > (source_.size() / 8 + 1) / count) {
        source_.damaged("a data set has more chunks than there is room for");
      }
      count *= along;
    }
    chunks_.resize(count);
    if (layout_.address == Hdf5Source::undefined) never_written();
    read_index();
    check();
    return std::move(chunks_);
  }

 private:
  using Index = Hdf5Layout::Index;

  [[noreturn]] void never_written() const {
    source_.refuse("has a data set with values that were never written");
  }

  void read_index() {
    switch (layout_.index) {
      case Index::btree1:
        return read_btree1();
      case Index::btree2:
        return read_btree2();
      case Index::single:
        return read_single();
      case Index::implicit:
        return read_implicit();
      case Index::fixed_array:
        return walk_fixed_array(source_, layout_.address, !filters_.empty(), takes_in_order());
      case Index::extensible_array:
        return walk_extensible_array(source_, layout_.address, !filters_.empty(), takes_in_order());
    }
  }

  void read_btree1() {
    const size_t axes = grid_.counts.size();
    walk_btree1(source_, layout_.address, Btree1Type::chunk, 8 + 8 * (axes + 1),
                [&](Cursor key, uint64_t address) {
                  Hdf5Chunk chunk{.address = address};
                  chunk.bytes = key.number(4);
                  chunk.skipped = static_cast<uint32_t>(key.number(4));
                  uint64_t place = 0;
                  for (size_t axis = 0; axis < axes; ++axis) {
                    const uint64_t offset = key.number(8);
                    if (offset % layout_.chunk[axis] != 0) key.damaged();
                    place = along(place, axis, offset / layout_.chunk[axis]);
                  }
                  put(place, chunk);
                });
  }

  void read_btree2() {
    const bool filtered = !filters_.empty();
    const size_t axes = grid_.counts.size();
    walk_btree2(source_, layout_.address, filtered ? Btree2Type::filtered_chunk : Btree2Type::chunk,
                [&](Cursor record) {
                  const size_t rest = source_.address_bytes() + 4 + 8 * axes;
                  if (filtered && (record.left() <= rest || record.left() - rest > 8)) {
                    record.damaged();
                  }
                  const size_t size_bytes = filtered ? record.left() - rest : 0;
                  const Hdf5Chunk chunk = read_chunk(record, size_bytes);
                  uint64_t place = 0;
                  for (size_t axis = 0; axis < axes; ++axis) {
                    place = along(place, axis, record.number(8));
                  }
                  put(place, chunk);
                });
  }

  // As arrays and trees note it; with `size_bytes` 0 no filters are used.
  Hdf5Chunk read_chunk(Cursor& at, size_t size_bytes) const {
    Hdf5Chunk chunk{.address = at.address(), .bytes = grid_.chunk_bytes};
    if (size_bytes == 0) return chunk;
    chunk.bytes = at.number(size_bytes);
    chunk.skipped = static_cast<uint32_t>(at.number(4));
    return chunk;
  }

  void read_single() {
    if (chunks_.size() != 1) source_.damaged(what);
    chunks_[0] = {layout_.address,
                  layout_.single_bytes != 0 ? layout_.single_bytes : grid_.chunk_bytes,
                  layout_.single_skipped};
  }

  // Chunks that lie side by side.
  void read_implicit() {
    if (!filters_.empty()) source_.damaged(what);
    for (uint64_t i = 0; i < chunks_.size(); ++i) {
      const uint64_t address = layout_.address + place_of_most(i) * grid_.chunk_bytes;
      chunks_[i] = {address, grid_.chunk_bytes, 0};
    }
  }

  // The place among as many chunks as there may ever be.
  uint64_t place_of_most(uint64_t place) const {
    uint64_t result = 0, factor = 1;
    for (size_t axis = grid_.counts.size(); axis-- > 0;) {
      result += place % grid_.counts[axis] * factor;
      place /= grid_.counts[axis];
      factor *= grid_.most_counts[axis];
    }
    return result;
  }

  uint64_t along(uint64_t place, size_t axis, uint64_t index) const {
    if (index >= grid_.counts[axis]) source_.damaged(what);
    return place * grid_.counts[axis] + index;
  }

  void put(uint64_t place, const Hdf5Chunk& chunk) {
    if (chunks_[place].address != Hdf5Source::undefined) source_.damaged(what);
    chunks_[place] = chunk;
  }

  // Entries of an array, in the order of the places among as many as there may ever be; those
  // beyond the data set's present shape are passed over.
  TakeChunk takes_in_order();

  void check() const {
    uint64_t bytes_left = source_.size();
    for (const Hdf5Chunk& chunk : chunks_) {
      if (chunk.address == Hdf5Source::undefined) never_written();
      if (chunk.bytes > bytes_left) source_.damaged("chunks of a data set overlap");
      bytes_left -= chunk.bytes;
      if (filters_.empty() ? chunk.bytes != grid_.chunk_bytes
                           : grid_.chunk_bytes > filters_.most_bytes(chunk.bytes)) {
        source_.damaged("a data set has values that the file has no room for");
      }
    }
  }

  const Hdf5Source& source_;
  const Hdf5Layout& layout_;
  const Hdf5Filters& filters_;
  const Hdf5Grid& grid_;
  std::vector<Hdf5Chunk> chunks_;
};

TakeChunk ChunkReader::takes_in_order() {
  // An axis without an end comes first in the order.
  std::vector<size_t> axes;
  for (size_t axis = 0; axis < grid_.counts.size(); ++axis) {
    const bool endless = grid_.most_counts[axis] == Hdf5Source::undefined;
    axes.insert(endless ? axes.begin() : axes.end(), axis);
  }
  return [this, axes](uint64_t index, Cursor entry) {
    std::vector<uint64_t> indices(axes.size());
    for (size_t i = axes.size(); i-- > 0;) {
      const uint64_t most = grid_.most_counts[axes[i]];
      indices[axes[i]] = i == 0 ? index : index % most;
      index = i == 0 ? 0 : index / most;
    }
    uint64_t place = 0;
    for (size_t axis = 0; axis < indices.size(); ++axis) {
      if (indices[axis] >= grid_.counts[axis]) return;
      place = place * grid_.counts[axis] + indices[axis];
    }
    const size_t plain = source_.address_bytes();
    const size_t size_bytes = filters_.empty() ? 0 : entry.left() - plain - 4;
    put(place, read_chunk(entry, size_bytes));
  };
}

}  // namespace

std::vector<Hdf5Chunk> read_chunks(const Hdf5Source& source, const Hdf5Layout& layout,
                                   const Hdf5Filters& filters, const Hdf5Grid& grid) {
  return ChunkReader(source, layout, filters, grid).read();
}

}  // namespace tandem
