#include "train/weights/zip_directory.h"

#include "core/error.h"

#include <algorithm>
#include <bit>

namespace tandem {
namespace {

static_assert(std::endian::native == std::endian::little, "zip archives are little-endian");

constexpr uint32_t end_mark = 0x06054b50;
constexpr uint32_t end64_mark = 0x06064b50;
constexpr uint32_t locator64_mark = 0x07064b50;
constexpr uint32_t entry_mark = 0x02014b50;
constexpr uint64_t end_bytes = 22, locator64_bytes = 20, end64_bytes = 56;
constexpr uint32_t in_zip64 = 0xffffffff;  // the value stands in a zip64 record

struct Directory {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t offset = 0;
};

std::vector<std::byte> read_at(const InputFile& file, uint64_t offset, uint64_t count) {
  if (offset > file.size() || count > file.size() - offset) {
    fail<CheckpointError>("{}: is a damaged or truncated zip archive: it refers to byte {} of {}.",
                          file.path(), offset, file.size());
  }
  std::vector<std::byte> bytes(count);
  file.read(offset, bytes);
  return bytes;
}

// Offset of the record at the archive's end, before which at most a comment stands.
uint64_t find_end(const InputFile& file) {
  const uint64_t tail_bytes = std::min<uint64_t>(file.size(), end_bytes + 0xffff);
  const auto tail = read_at(file, file.size() - tail_bytes, tail_bytes);
  for (uint64_t comment = 0; comment + end_bytes <= tail_bytes; ++comment) {
    ZipFields fields(file.path(), std::span(tail).last(end_bytes + comment));
    if (fields.u32() != end_mark) continue;
    fields.skip(16);
    if (fields.u16() == comment) return file.size() - end_bytes - comment;
  }
  fail<CheckpointError>("{}: is a truncated zip archive: its end is missing.", file.path());
}

// The 64-bit record, where archives above 4 GiB have their numbers.
Directory directory64(const InputFile& file, uint64_t end) {
  if (end < locator64_bytes) {
    fail<CheckpointError>("{}: is a damaged zip archive: no zip64 record.", file.path());
  }
  const auto locator_record = read_at(file, end - locator64_bytes, locator64_bytes);
  ZipFields locator(file.path(), locator_record);
  const bool located = locator.u32() == locator64_mark;
  locator.skip(4);
  const auto record = read_at(file, located ? locator.u64() : file.size(), end64_bytes);
  ZipFields fields(file.path(), record);
  if (fields.u32() != end64_mark) {
    fail<CheckpointError>("{}: is a damaged zip archive: no zip64 record.", file.path());
  }
  fields.skip(28);
  Directory directory;
  directory.entries = fields.u64();
  directory.bytes = fields.u64();
  directory.offset = fields.u64();
  return directory;
}

Directory find_directory(const InputFile& file) {
  const uint64_t end = find_end(file);
  const auto record = read_at(file, end, end_bytes);
  ZipFields fields(file.path(), record);
  fields.skip(8);
  Directory directory;
  fields.skip(2);
  directory.entries = fields.u16();
  directory.bytes = fields.u32();
  directory.offset = fields.u32();
  const bool large =
      directory.entries == 0xffff || directory.bytes == in_zip64 || directory.offset == in_zip64;
  return large ? directory64(file, end) : directory;
}

// Numbers that did not fit 32 bits stand, in this order, in the extra field with id 1.
void read_zip64(const std::string& path, std::span<const std::byte> extra, ZipEntry& entry) {
  ZipFields fields(path, extra);
  while (fields.left() >= 4) {
    const uint16_t id = fields.u16();
    ZipFields content(path, fields.take(fields.u16()));
    if (id != 1) continue;
    for (uint64_t* number : {&entry.bytes, &entry.packed_bytes, &entry.header}) {
      if (*number == in_zip64) *number = content.u64();
    }
  }
}

ZipEntry read_entry(const std::string& path, ZipFields& fields) {
  if (fields.u32() != entry_mark) {
    fail<CheckpointError>("{}: is a damaged zip archive: its list of entries is broken.", path);
  }
  fields.skip(4);
  const bool encrypted = fields.u16() & 1;
  const uint16_t method = fields.u16();
  fields.skip(4);
  ZipEntry entry;
  entry.deflated = method == 8;
  entry.crc32 = fields.u32();
  entry.packed_bytes = fields.u32();
  entry.bytes = fields.u32();
  const uint16_t name_bytes = fields.u16();
  const uint16_t extra_bytes = fields.u16();
  const uint16_t comment_bytes = fields.u16();
  fields.skip(8);
  entry.header = fields.u32();
  const auto name = fields.take(name_bytes);
  entry.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  read_zip64(path, fields.take(extra_bytes), entry);
  fields.skip(comment_bytes);
  if (encrypted || (method != 0 && method != 8)) {
    fail<CheckpointError>(
        "{}: entry '{}' is encrypted or packed by method {}; stored and "
        "deflated entries are read.",
        path, printable(entry.name), method);
  }
  if (!entry.deflated && entry.packed_bytes != entry.bytes) {
    fail<CheckpointError>("{}: entry '{}' is stored, but its {} bytes are said to unpack to {}.",
                          path, printable(entry.name), entry.packed_bytes, entry.bytes);
  }
  return entry;
}

}  // namespace

std::span<const std::byte> ZipFields::take(size_t count) {
  if (count > bytes_.size()) {
    fail<CheckpointError>("{}: is a damaged zip archive: a record ends too early.", path_);
  }
  const auto taken = bytes_.first(count);
  bytes_ = bytes_.subspan(count);
  return taken;
}

std::vector<ZipEntry> read_zip_directory(const InputFile& file) {
  const Directory directory = find_directory(file);
  const auto bytes = read_at(file, directory.offset, directory.bytes);
  ZipFields fields(file.path(), bytes);
  std::vector<ZipEntry> entries;
  // No reserve: the count may lie; each entry uses up bytes that are there.
  for (uint64_t i = 0; i < directory.entries; ++i) {
    entries.push_back(read_entry(file.path(), fields));
  }
  return entries;
}

}  // namespace tandem
