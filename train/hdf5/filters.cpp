#include "train/hdf5/filters.h"

#include "train/hdf5/checksum.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

namespace tandem {
namespace {

constexpr const char* what = "a compressed part of a data set";

// At most `most` bytes.
Bytes inflated(const Hdf5Source& source, const Bytes& from, uint64_t most) {
  Bytes to(most);
  uLongf length = most;
  uLong used = from.size();
  const int result = uncompress2(reinterpret_cast<Bytef*>(to.data()), &length,
                                 reinterpret_cast<const Bytef*>(from.data()), &used);
  if (result != Z_OK) source.damaged(what);
  to.resize(length);
  return to;
}

// LZF: a byte below 32 is followed by one more than so many bytes as they are; else its upper bits
// are the length of a copy, less 2, and the rest, with the next byte, how far back it begins.
Bytes unpacked(const Hdf5Source& source, const Bytes& from, uint64_t most) {
  Cursor at(source, from, what);
  Bytes to;
  to.reserve(most);
  while (at.left() > 0) {
    const size_t control = at.byte();
    if (control < 32) {
      const auto plain = at.take(control + 1);
      to.insert(to.end(), plain.begin(), plain.end());
    } else {
      size_t length = control >> 5;
      if (length == 7) length += at.byte();
      const size_t back = ((control & 31) << 8 | at.byte()) + 1;
      if (back > to.size()) source.damaged(what);
      for (length += 2; length > 0 && to.size() <= most; --length)
        to.push_back(to[to.size() - back]);
    }
    if (to.size() > most) source.damaged(what);
  }
  return to;
}

// All first bytes of the elements, then all second ones, ...; what is left over follows.
Bytes unshuffled(const Bytes& from, uint64_t element_bytes) {
  const size_t count = from.size() / element_bytes;
  Bytes to = from;
  for (size_t i = 0; i < count; ++i) {
    for (size_t part = 0; part < element_bytes; ++part) {
      to[i * element_bytes + part] = from[part * count + i];
    }
  }
  return to;
}

void remove_sums(const Hdf5Source& source, Bytes& bytes) {
  if (bytes.size() < 4) source.damaged(what);
  const auto values = std::span<const std::byte>(bytes).first(bytes.size() - 4);
  const auto stored = std::span<const std::byte>(bytes).last(4);
  if (Cursor(source, stored, what).number(4) != fletcher32(values)) {
    source.damaged("the checksum of a data set does not match");
  }
  bytes.erase(bytes.end() - 4, bytes.end());
}

}  // namespace

Hdf5Filters::Hdf5Filters(const Hdf5Source& source, std::span<const std::byte> message) {
  Cursor at(source, message, "a list of filters");
  const uint8_t version = at.byte();
  if (version != 1 && version != 2) source.refuse("has filters of an unknown version");
  const size_t count = at.byte();
  if (version == 1) at.skip(6);
  bool compressed = false;
  for (size_t i = 0; i < count; ++i) {
    Filter filter{.kind = at.number(2), .element_bytes = 0};
    const bool named = version == 1 || filter.kind >= 256;
    const uint64_t name_bytes = named ? at.number(2) : 0;
    at.skip(2);  // whether it may be left out
    const uint64_t numbers = at.number(2);
    at.skip(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes);
    for (uint64_t n = 0; n < numbers; ++n) {
      const uint64_t value = at.number(4);
      if (n == 0) filter.element_bytes = value;
    }
    if (version == 1 && numbers % 2 != 0) at.skip(4);
    const bool compresses = filter.kind == deflate || filter.kind == lzf;
    if (!compresses && filter.kind != shuffle && filter.kind != fletcher) {
      source.refuse(
          fmt::format("has a data set compressed or filtered in a way that is not read "
                      "(filter {}); gzip, lzf, shuffle and fletcher32 are",
                      filter.kind));
    }
    if ((compresses && std::exchange(compressed, true)) ||
        (filter.kind == shuffle && filter.element_bytes == 0)) {
      at.damaged();
    }
    filters_.push_back(filter);
  }
}

uint64_t Hdf5Filters::most_bytes(uint64_t stored) const {
  const bool compressed = std::any_of(filters_.begin(), filters_.end(), [](const Filter& filter) {
    return filter.kind == deflate || filter.kind == lzf;
  });
  return compressed ? stored * largest_compression : stored;
}

Bytes Hdf5Filters::undo(const Hdf5Source& source, Bytes stored, uint32_t skipped,
                        uint64_t bytes) const {
  const uint64_t most = bytes + 4 * filters_.size();  // with checksums that were compressed
  for (size_t i = filters_.size(); i-- > 0;) {
    if (i < 32 && (skipped >> i & 1) != 0) continue;
    switch (filters_[i].kind) {
      case deflate:
        stored = inflated(source, stored, most);
        break;
      case lzf:
        stored = unpacked(source, stored, most);
        break;
      case shuffle:
        stored = unshuffled(stored, filters_[i].element_bytes);
        break;
      default:
        remove_sums(source, stored);
        break;
    }
  }
  if (stored.size() != bytes) source.damaged(what);
  return stored;
}

}  // namespace tandem
