#include "train/hdf5/fractal_heap.h"

#include "train/hdf5/btree2.h"
#include "train/hdf5/checksum.h"

#include <algorithm>
#include <bit>

namespace tandem {
namespace {

constexpr const char* what = "a fractal heap";

bool is_power_of_two_below(uint64_t value, uint64_t limit) {
  return std::has_single_bit(value) && value < limit;
}

}  // namespace

FractalHeap::FractalHeap(const Hdf5Source& source, uint64_t address)
    : source_(source), address_(address) {
  const size_t bytes = 26 + 12 * source.length_bytes() + 3 * source.address_bytes();
  const Bytes header = source.structure(address, bytes);
  Cursor at(source, header, what);
  at.expect("FRHP");
  at.expect_version(0);
  id_bytes_ = static_cast<size_t>(at.number(2));
  if (at.number(2) != 0) source.refuse("has a compressed heap; those are not read");
  check_checksum(source, header, what);
  checksums_ = (at.byte() & 2) != 0;
  const uint64_t most_managed = at.number(4);
  at.length();  // the next id of a huge object
  const uint64_t huge = at.address();
  at.length();  // free space
  at.address();
  at.skip(8 * source.length_bytes());  // how much and how many there is
  width_ = at.number(2);
  first_bytes_ = at.length();
  most_bytes_ = at.length();
  const uint64_t bits = at.number(2);  // of a place in the heap
  at.skip(2);
  const uint64_t root = at.address();
  const uint64_t rows = at.number(2);
  constexpr uint64_t limit = uint64_t{1} << 32;
  if (!is_power_of_two_below(width_, 1 << 16) || !is_power_of_two_below(first_bytes_, limit) ||
      !is_power_of_two_below(most_bytes_, limit) || most_bytes_ < first_bytes_ || bits > 64 ||
      bits == 0) {
    at.damaged();
  }
  offset_bytes_ = static_cast<size_t>(bits + 7) / 8;
  const auto bytes_of_direct = static_cast<size_t>(std::bit_width(most_bytes_) - 1 + 7) / 8;
  length_bytes_ =
      std::min(bytes_of_direct, static_cast<size_t>(std::bit_width(most_managed) + 7) / 8);
  if (root != Hdf5Source::undefined) {
    rows == 0 ? read_direct(root, 0, first_bytes_) : read_indirect(root, 0, rows);
  }
  if (huge != Hdf5Source::undefined) read_huge_objects(huge);
}

uint64_t FractalHeap::bytes_of_row(uint64_t row) const {
  const uint64_t doublings = row == 0 ? 0 : row - 1;
  if (doublings > 60 || static_cast<int>(doublings) + std::bit_width(first_bytes_) > 63) {
    source_.damaged(what);
  }
  return first_bytes_ << doublings;
}

// Of the indirect block that spans so much of the heap.
uint64_t FractalHeap::rows_of(uint64_t bytes) const {
  const int first_row = std::bit_width(first_bytes_) + std::bit_width(width_) - 2;
  const int bits = std::bit_width(bytes) - 1;
  if (bits < first_row) source_.damaged(what);
  return static_cast<uint64_t>(bits - first_row) + 1;
}

void FractalHeap::check_block(Cursor& at, std::string_view signature, uint64_t offset) const {
  at.expect(signature);
  at.expect_version(0);
  if (at.address() != address_ || at.number(offset_bytes_) != offset) at.damaged();
}

void FractalHeap::read_direct(uint64_t address, uint64_t offset, uint64_t bytes) {
  Bytes block = source_.structure(address, bytes);
  Cursor at(source_, block, what);
  check_block(at, "FHDB", offset);
  if (checksums_) {  // made while its own place was zeros
    const size_t place = block.size() - at.left();
    Bytes cleared = block;
    at.skip(4);
    std::fill_n(cleared.begin() + static_cast<ptrdiff_t>(place), 4, std::byte{0});
    cleared.insert(cleared.end(), block.begin() + static_cast<ptrdiff_t>(place),
                   block.begin() + static_cast<ptrdiff_t>(place) + 4);
    check_checksum(source_, cleared, what);
  }
  blocks_.emplace(offset, std::move(block));
}

void FractalHeap::read_indirect(uint64_t address, uint64_t offset, uint64_t rows) {
  if (rows > 64) source_.damaged(what);
  const uint64_t bytes =
      5 + source_.address_bytes() + offset_bytes_ + rows * width_ * source_.address_bytes() + 4;
  const Bytes block = source_.structure(address, bytes);
  check_checksum(source_, block, what);
  Cursor at(source_, block, what);
  check_block(at, "FHIB", offset);
  for (uint64_t row = 0; row < rows; ++row) {
    const uint64_t size = bytes_of_row(row);
    for (uint64_t column = 0; column < width_; ++column, offset += size) {
      const uint64_t child = at.address();
      if (child == Hdf5Source::undefined) continue;
      if (size <= most_bytes_) {
        read_direct(child, offset, size);
      } else {
        read_indirect(child, offset, rows_of(size));
      }
    }
  }
}

void FractalHeap::read_huge_objects(uint64_t tree) {
  walk_btree2(source_, tree, Btree2Type::huge_object, [&](Cursor record) {
    Range range{};
    range.address = record.address();
    range.bytes = record.length();
    huge_.emplace(record.length(), range);
  });
}

Bytes FractalHeap::object(std::span<const std::byte> id) const {
  Cursor at(source_, id, what);
  const uint8_t first = at.byte();
  if (first >> 6 != 0) at.damaged();
  const uint8_t kind = first >> 4 & 3;
  if (kind == 0) return managed(at);
  if (kind == 1) return huge(at);
  if (kind != 2 || id_bytes_ > 18) at.damaged();
  const auto bytes = at.take((first & 0x0fu) + 1);  // so short that it lies in the id itself
  return {bytes.begin(), bytes.end()};
}

Bytes FractalHeap::managed(Cursor id) const {
  const uint64_t offset = id.number(offset_bytes_);
  const uint64_t length = id.number(length_bytes_);
  const auto next = blocks_.upper_bound(offset);
  if (next == blocks_.begin()) id.damaged();
  const auto& [begin, block] = *std::prev(next);
  Cursor at(source_, block, what);
  at.skip(offset - begin);
  const auto bytes = at.take(length);
  source_.count_copy(length);
  return {bytes.begin(), bytes.end()};
}

Bytes FractalHeap::huge(Cursor id) const {
  const size_t direct = source_.address_bytes() + source_.length_bytes();
  if (id.left() >= direct) {
    const uint64_t address = id.address();
    return source_.structure(address, id.length());
  }
  const uint64_t key = id.number(std::min(id.left(), source_.length_bytes()));
  const auto found = huge_.find(key);
  if (found == huge_.end()) id.damaged();
  return source_.structure(found->second.address, found->second.bytes);
}

}  // namespace tandem
