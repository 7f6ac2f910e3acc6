#include "train/hdf5/chunk_arrays.h"

#include "train/hdf5/checksum.h"

#include <algorithm>
#include <bit>

namespace tandem {
namespace {

constexpr const char* what = "an array of chunks";

// What both kinds of arrays have.
class ChunkArray {
 public:
  ChunkArray(const Hdf5Source& source, bool filtered, const TakeChunk& take)
      : source_(source), filtered_(filtered), take_(take) {}

 protected:
  void expect(Cursor& at, std::string_view signature) const {
    at.expect(signature);
    at.expect_version(0);
    if (at.byte() != (filtered_ ? 1 : 0)) at.damaged();
  }

  void set_entry_bytes(size_t bytes) {
    const size_t plain = source_.address_bytes();
    const bool fits = filtered_ ? bytes > plain + 4 && bytes <= plain + 12 : bytes == plain;
    if (!fits) source_.damaged(what);
    entry_bytes_ = bytes;
  }

  void take_entries(Cursor& at, uint64_t first, uint64_t count) const {
    for (uint64_t i = 0; i < count; ++i) {
      take_(first + i, Cursor(source_, at.take(entry_bytes_), what));
    }
  }

  uint64_t bytes_of(uint64_t entries) const {
    if (entries > source_.size()) source_.damaged(what);
    return entries * entry_bytes_;
  }

  // Pages of so many entries, the last with those that are left, each with its checksum. One that
  // is marked as not written has no values either.
  void take_pages(uint64_t address, uint64_t first, uint64_t entries, uint64_t page_entries) const {
    for (uint64_t page = 0; page * page_entries < entries; ++page) {
      const uint64_t count = std::min(page_entries, entries - page * page_entries);
      const Bytes bytes = source_.structure(address, bytes_of(count) + 4);
      check_checksum(source_, bytes, what);
      Cursor at(source_, bytes, what);
      take_entries(at, first + page * page_entries, count);
      address += bytes.size();
    }
  }

  const Hdf5Source& source_;
  const bool filtered_;
  const TakeChunk& take_;
  size_t entry_bytes_ = 0;
};

class FixedArray : ChunkArray {
 public:
  using ChunkArray::ChunkArray;

  void walk(uint64_t address) {
    const size_t header_bytes = 12 + source_.length_bytes() + source_.address_bytes();
    const Bytes header = source_.structure(address, header_bytes);
    check_checksum(source_, header, what);
    Cursor at(source_, header, what);
    expect(at, "FAHD");
    set_entry_bytes(at.byte());
    const unsigned page_bits = at.byte();
    const uint64_t entries = at.length();
    const uint64_t block = at.address();
    if (page_bits > 32) at.damaged();
    if (block == Hdf5Source::undefined) return;
    const uint64_t page_entries = uint64_t{1} << page_bits;
    const bool paged = entries > page_entries;
    const uint64_t pages =
        paged ? (bytes_of(entries) / entry_bytes_ + page_entries - 1) / page_entries : 0;
    const size_t prefix = 6 + source_.address_bytes();
    const uint64_t bytes = prefix + (paged ? (pages + 7) / 8 : bytes_of(entries)) + 4;
    const Bytes data = source_.structure(block, bytes);
    check_checksum(source_, data, what);
    Cursor in(source_, data, what);
    expect(in, "FADB");
    if (in.address() != address) in.damaged();
    if (!paged) return take_entries(in, 0, entries);
    take_pages(block + bytes, 0, entries, page_entries);
  }
};

class ExtensibleArray : ChunkArray {
 public:
  using ChunkArray::ChunkArray;

  void walk(uint64_t address) {
    address_ = address;
    const size_t header_bytes = 16 + 6 * source_.length_bytes() + source_.address_bytes();
    const Bytes header = source_.structure(address, header_bytes);
    check_checksum(source_, header, what);
    Cursor at(source_, header, what);
    expect(at, "EAHD");
    set_entry_bytes(at.byte());
    const unsigned most_bits = at.byte();
    const uint64_t in_index = at.byte();
    least_entries_ = at.byte();
    least_pointers_ = at.byte();
    const unsigned page_bits = at.byte();
    at.skip(4 * source_.length_bytes());  // how many blocks there are, and their sizes
    most_set_ = at.length();
    at.length();  // how many entries there are
    const uint64_t index = at.address();
    if (most_bits > 64 || page_bits > 32 || !std::has_single_bit(least_entries_) ||
        !std::has_single_bit(least_pointers_) || most_set_ > source_.size()) {
      at.damaged();
    }
    offset_bytes_ = (most_bits + 7) / 8;
    page_entries_ = uint64_t{1} << page_bits;
    const auto least_bits = static_cast<unsigned>(std::bit_width(least_entries_)) - 1;
    if (least_bits > most_bits) at.damaged();
    super_blocks_ = 1 + (most_bits - least_bits);
    if (index != Hdf5Source::undefined) read_index(index, in_index);
  }

 private:
  // Super block `number` has so many data blocks of so many entries each.
  struct SuperBlock {
    uint64_t blocks;
    uint64_t entries;
  };
  SuperBlock super_block(unsigned number) const {
    return {uint64_t{1} << number / 2, least_entries_ << (number + 1) / 2};
  }

  // The index block has the first entries, then pointers to the data blocks of the first super
  // blocks, then pointers to the other super blocks.
  void read_index(uint64_t address, uint64_t in_index) {
    const auto direct = 2 * (static_cast<unsigned>(std::bit_width(least_pointers_)) - 1);
    if (direct > super_blocks_) source_.damaged(what);
    const uint64_t blocks = 2 * (least_pointers_ - 1);
    const uint64_t pointers = blocks + super_blocks_ - direct;
    const size_t prefix = 6 + source_.address_bytes();
    const Bytes index = source_.structure(
        address, prefix + bytes_of(in_index) + pointers * source_.address_bytes() + 4);
    check_checksum(source_, index, what);
    Cursor at(source_, index, what);
    expect(at, "EAIB");
    if (at.address() != address_) at.damaged();
    take_entries(at, 0, std::min(in_index, most_set_));
    at.skip(bytes_of(in_index - std::min(in_index, most_set_)));
    uint64_t first = in_index;
    for (unsigned number = 0; number < super_blocks_; ++number) {
      const SuperBlock super = super_block(number);
      if (first >= most_set_) return;
      if (number >= direct) {
        read_super_block(at.address(), first, super);
        first += super.blocks * super.entries;
        continue;
      }
      for (uint64_t block = 0; block < super.blocks; ++block, first += super.entries) {
        read_data_block(at.address(), first, super.entries);
      }
    }
  }

  void read_super_block(uint64_t address, uint64_t first, const SuperBlock& super) {
    if (address == Hdf5Source::undefined) return;
    if (super.blocks > source_.size()) source_.damaged(what);
    const bool paged = super.entries > page_entries_;
    const uint64_t page_bytes = paged ? (super.entries / page_entries_ + 7) / 8 : 0;
    if (page_bytes > source_.size()) source_.damaged(what);
    const size_t prefix = 6 + source_.address_bytes() + offset_bytes_;
    const Bytes bytes = source_.structure(
        address, prefix + super.blocks * (page_bytes + source_.address_bytes()) + 4);
    check_checksum(source_, bytes, what);
    Cursor at(source_, bytes, what);
    expect(at, "EASB");
    if (at.address() != address_) at.damaged();
    at.skip(offset_bytes_);
    at.skip(super.blocks * page_bytes);
    for (uint64_t block = 0; block < super.blocks; ++block, first += super.entries) {
      if (first >= most_set_) return;
      read_data_block(at.address(), first, super.entries);
    }
  }

  void read_data_block(uint64_t address, uint64_t first, uint64_t entries) const {
    if (address == Hdf5Source::undefined) return;
    const bool paged = entries > page_entries_;
    const size_t prefix = 6 + source_.address_bytes() + offset_bytes_;
    const uint64_t bytes = prefix + (paged ? 0 : bytes_of(entries)) + 4;
    const Bytes block = source_.structure(address, bytes);
    check_checksum(source_, block, what);
    Cursor at(source_, block, what);
    expect(at, "EADB");
    if (at.address() != address_) at.damaged();
    at.skip(offset_bytes_);
    if (!paged) return take_entries(at, first, entries);
    // Those that were set fill whole pages, in the order of the array.
    const uint64_t pages =
        (std::min(entries, most_set_ - first) + page_entries_ - 1) / page_entries_;
    take_pages(address + bytes, first, pages * page_entries_, page_entries_);
  }

  uint64_t address_ = 0;
  uint64_t least_entries_ = 0;   // of a data block
  uint64_t least_pointers_ = 0;  // of a super block
  uint64_t most_set_ = 0;        // entries that were ever set
  uint64_t page_entries_ = 0;
  size_t offset_bytes_ = 0;  // that a place in the array takes
  unsigned super_blocks_ = 0;
};

}  // namespace

void walk_fixed_array(const Hdf5Source& source, uint64_t address, bool filtered,
                      const TakeChunk& take) {
  FixedArray(source, filtered, take).walk(address);
}

void walk_extensible_array(const Hdf5Source& source, uint64_t address, bool filtered,
                           const TakeChunk& take) {
  ExtensibleArray(source, filtered, take).walk(address);
}

}  // namespace tandem
