#include "train/hdf5/source.h"

#include "core/error.h"
#include "train/hdf5/checksum.h"

#include <algorithm>
#include <array>
#include <optional>

namespace tandem {
namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";

// Where the superblock begins: at 0, 512, 1024, 2048, ...
std::optional<uint64_t> find_signature(const InputFile& file) {
  std::array<std::byte, 8> found{};
  for (uint64_t at = 0; at + found.size() <= file.size(); at = std::max<uint64_t>(512, 2 * at)) {
    file.read(at, found);
    if (std::string_view(reinterpret_cast<const char*>(found.data()), 8) == signature) return at;
  }
  return std::nullopt;
}

}  // namespace

Hdf5Source::Hdf5Source(const std::string& path)
    : file_(path), structure_bytes_left_(4096 + 4 * file_.size()) {
  const auto at = find_signature(file_);
  if (!at) fail<CheckpointError>("{}: is not HDF5.", path);
  base_ = *at;
  read_superblock();
}

void Hdf5Source::read_superblock() {
  const Bytes bytes = structure(0, std::min<uint64_t>(size(), 128));
  Cursor at(*this, bytes, "the superblock");
  at.skip(signature.size());
  const uint8_t version = at.byte();
  if (version > 3) refuse("has a superblock of a version that is not known (0 to 3 are)");
  if (version < 2) at.skip(4);  // versions of other parts, all 0, and a byte that is not used
  address_bytes_ = at.byte();
  length_bytes_ = at.byte();
  const auto is_size = [](size_t bytes) { return bytes == 2 || bytes == 4 || bytes == 8; };
  if (!is_size(address_bytes_) || !is_size(length_bytes_)) damaged("the superblock");
  // Sizes of B-tree nodes, which the nodes show as well, and flags.
  at.skip(version == 0 ? 9 : version == 1 ? 13 : 1);
  // Where a user block was put before a file, addresses still count from the superblock.
  at.address();
  at.address();  // free space, or the extension of the superblock
  if (at.address() > file_.size()) {
    fail<CheckpointError>("{}: is truncated.", path());
  }
  if (version < 2) {
    at.address();  // driver information
    at.skip(length_bytes_);
  }
  root_ = at.address();
  if (version >= 2) check_checksum(*this, bytes, bytes.size() - at.left(), "the superblock");
}

void Hdf5Source::check_range(uint64_t address, uint64_t bytes) const {
  if (bytes <= size() && address <= size() - bytes) return;
  fail<CheckpointError>("{}: is damaged: {} bytes at {} are not in its {} bytes.", path(), bytes,
                        address, size());
}

Bytes Hdf5Source::structure(uint64_t address, uint64_t bytes) const {
  check_range(address, bytes);
  count_copy(bytes);
  Bytes read(bytes);
  file_.read(base_ + address, read);
  return read;
}

void Hdf5Source::count_copy(uint64_t bytes) const {
  if (bytes > structure_bytes_left_) damaged("its structures contain or share each other");
  structure_bytes_left_ -= bytes;
}

void Hdf5Source::values(uint64_t address, std::span<std::byte> to) const {
  check_range(address, to.size());
  file_.read(base_ + address, to);
}

void Hdf5Source::damaged(std::string_view what) const {
  fail<CheckpointError>("{}: is damaged: {}.", path(), what);
}

void Hdf5Source::refuse(std::string_view what) const {
  fail<CheckpointError>("{}: {}.", path(), what);
}

bool has_hdf5_signature(const std::string& path) {
  return find_signature(InputFile(path)).has_value();
}

uint64_t Cursor::number(size_t bytes) {
  uint64_t value = 0;
  const std::span<const std::byte> from = take(bytes);
  for (size_t i = bytes; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(from[i]);
  return value;
}

uint64_t Cursor::address() {
  const size_t bytes = source_->address_bytes();
  const uint64_t value = number(bytes);
  const uint64_t all_ones = bytes == 8 ? Hdf5Source::undefined : (uint64_t{1} << 8 * bytes) - 1;
  return value == all_ones ? Hdf5Source::undefined : value;
}

std::span<const std::byte> Cursor::take(uint64_t bytes) {
  if (bytes > left_.size()) damaged();
  const auto taken = left_.first(bytes);
  left_ = left_.subspan(bytes);
  return taken;
}

void Cursor::expect(std::string_view signature) {
  const auto found = take(signature.size());
  if (std::string_view(reinterpret_cast<const char*>(found.data()), found.size()) != signature) {
    damaged();
  }
}

void Cursor::expect_version(uint8_t version) {
  if (byte() != version) source_->refuse(std::string("has ") + what_ + " of an unknown version");
}

void Cursor::damaged() const { source_->damaged(std::string(what_) + " is not as it must be"); }

}  // namespace tandem
