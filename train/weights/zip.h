// Reads zip archives as PyTorch writes them (APPNOTE.TXT 6.3: stored or deflated entries, zip64).
//
// The reader believes nothing: entries must lie in the file and have together no more packed
// bytes than it has, unpack to a bounded multiple of it, and have the bytes and checksum that the
// central directory says. Memory is bounded by the file's size. Errors are CheckpointErrors that
// name the file and the entry.
#pragma once

#include "train/checkpoint/file.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

struct ZipEntry {
  std::string name;
  bool deflated = false;
  uint64_t packed_bytes = 0;
  uint64_t bytes = 0;  // unpacked
  uint32_t crc32 = 0;
  uint64_t header = 0;  // offset of its local header
};

class ZipArchive {
 public:
  explicit ZipArchive(const std::string& path);

  const std::string& path() const { return file_.path(); }

  // In the order of the central directory.
  const std::vector<ZipEntry>& entries() const { return entries_; }

  // Null if there is no such entry.
  const ZipEntry* find(std::string_view name) const;

  // An entry's unpacked bytes.
  std::vector<std::byte> read(const ZipEntry& entry) const;

 private:
  void add(ZipEntry entry);

  InputFile file_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
  uint64_t packed_ = 0, unpacked_ = 0;  // sums over the entries
};

// A name out of a file, fit to be printed in an error.
std::string printable(std::string_view name);

}  // namespace tandem
