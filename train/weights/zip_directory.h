// The central directory at a zip archive's end.
#pragma once

#include "train/weights/zip.h"

#include <cstring>
#include <span>

namespace tandem {

// Little-endian fields of a zip record. Throws CheckpointError where the bytes end.
class ZipFields {
 public:
  ZipFields(const std::string& path, std::span<const std::byte> bytes)
      : path_(path), bytes_(bytes) {}

  uint16_t u16() { return number<uint16_t>(); }
  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  std::span<const std::byte> take(size_t count);
  void skip(size_t count) { take(count); }
  size_t left() const { return bytes_.size(); }

 private:
  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  const std::string& path_;
  std::span<const std::byte> bytes_;
};

// What the central directory says of every entry. Memory is bounded by the file's size.
std::vector<ZipEntry> read_zip_directory(const InputFile& file);

}  // namespace tandem
