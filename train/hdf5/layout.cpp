#include "train/hdf5/layout.h"

namespace tandem {
namespace {

constexpr size_t max_axes = 33;  // of a chunk, with the bytes of an element for its last

// Of version 3, which HDF5 1.6 to 1.8 write, and newer ones unless they are told not to.
void read_chunks_3(Cursor& at, Hdf5Layout& layout) {
  const size_t axes = at.byte();
  if (axes < 2 || axes > max_axes) at.damaged();
  layout.address = at.address();
  for (size_t i = 0; i + 1 < axes; ++i) layout.chunk.push_back(at.number(4));
  layout.element_bytes = at.number(4);
}

void read_chunks_4(const Hdf5Source& source, Cursor& at, Hdf5Layout& layout) {
  const uint8_t flags = at.byte();
  layout.plain_edges = (flags & 1) != 0;
  const size_t axes = at.byte();
  const size_t length_bytes = at.byte();
  if (axes < 2 || axes > max_axes || length_bytes < 1 || length_bytes > 8) at.damaged();
  for (size_t i = 0; i + 1 < axes; ++i) layout.chunk.push_back(at.number(length_bytes));
  layout.element_bytes = at.number(length_bytes);
  const uint8_t index = at.byte();
  if (index < 1 || index > 5) source.refuse("has an index of chunks of an unknown kind");
  layout.index = static_cast<Hdf5Layout::Index>(index);
  switch (layout.index) {
    case Hdf5Layout::Index::single:
      if ((flags & 2) != 0) {
        layout.single_bytes = at.length();
        layout.single_skipped = static_cast<uint32_t>(at.number(4));
      }
      break;
    // What follows says how the index was made; its own header has that too.
    case Hdf5Layout::Index::fixed_array:
      at.skip(1);
      break;
    case Hdf5Layout::Index::extensible_array:
      at.skip(5);
      break;
    case Hdf5Layout::Index::btree2:
      at.skip(6);
      break;
    default:
      break;
  }
  layout.address = at.address();
}

}  // namespace

Hdf5Layout read_layout(const Hdf5Source& source, std::span<const std::byte> message) {
  Cursor at(source, message, "the layout of a data set");
  const uint8_t version = at.byte();
  // 5 is 4 with longer sizes in the indexes, which their entries show.
  if (version < 3 || version > 5) source.refuse("has a layout of an unknown version");
  const uint8_t kind = at.byte();
  Hdf5Layout layout;
  if (kind == 0) {
    const auto values = at.take(at.number(2));
    layout.values.assign(values.begin(), values.end());
  } else if (kind == 1) {
    layout.kind = Hdf5Layout::Kind::contiguous;
    layout.address = at.address();
    layout.bytes = at.length();
  } else if (kind == 2) {
    layout.kind = Hdf5Layout::Kind::chunked;
    version == 3 ? read_chunks_3(at, layout) : read_chunks_4(source, at, layout);
  } else {
    source.refuse("has a data set that lies in other data sets or another file; that is refused");
  }
  return layout;
}

}  // namespace tandem
