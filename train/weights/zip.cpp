#include "train/weights/zip.h"

#include "core/error.h"
#include "train/weights/zip_directory.h"

#include <zlib.h>

#include <algorithm>

namespace tandem {
namespace {

constexpr uint64_t local_header_bytes = 30;
constexpr uint32_t local_mark = 0x04034b50;

// Floats shrink to no less than a small share; more is an archive made to fill the memory.
constexpr uint64_t most_unpacked_per_byte = 32;
constexpr uint64_t always_allowed_bytes = uint64_t{16} << 20;

// Ends the stream with the scope.
struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail<CheckpointError>("zlib can't start.");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

uInt chunk(size_t bytes) { return static_cast<uInt>(std::min<size_t>(bytes, size_t{1} << 30)); }

// False unless `packed` inflates to exactly as many bytes as `to` has.
bool unpack(std::span<const std::byte> packed, std::span<std::byte> to) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  std::byte none{};
  int state = Z_OK;
  while (state == Z_OK) {
    const uInt in = chunk(packed.size());
    const uInt out = chunk(to.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(to.empty() ? &none : to.data());
    stream.avail_out = out;
    state = inflate(&stream, Z_NO_FLUSH);  // Z_BUF_ERROR where nothing more is possible
    packed = packed.subspan(in - stream.avail_in);
    to = to.subspan(out - stream.avail_out);
  }
  return state == Z_STREAM_END && to.empty() && packed.empty();
}

uint32_t checksum(std::span<const std::byte> bytes) {
  uLong sum = crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const uInt count = chunk(bytes.size());
    sum = crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()), count);
    bytes = bytes.subspan(count);
  }
  return static_cast<uint32_t>(sum);
}

// Offset of an entry's packed bytes, which follow a header of its own.
uint64_t data_offset(const InputFile& file, const ZipEntry& entry) {
  const bool inside =
      entry.header <= file.size() && file.size() - entry.header >= local_header_bytes;
  std::vector<std::byte> header(local_header_bytes);
  if (inside) file.read(entry.header, header);
  ZipFields fields(file.path(), header);
  const bool marked = fields.u32() == local_mark;
  fields.skip(22);
  const uint64_t names = uint64_t{fields.u16()} + fields.u16();
  const uint64_t start = entry.header + local_header_bytes + names;
  if (!marked || start > file.size() || entry.packed_bytes > file.size() - start) {
    fail<CheckpointError>(
        "{}: is a damaged or truncated zip archive: entry '{}' does not lie in "
        "the file's {} bytes.",
        file.path(), printable(entry.name), file.size());
  }
  return start;
}

}  // namespace

std::string printable(std::string_view name) {
  constexpr size_t longest = 120;
  std::string text(name.substr(0, longest));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return name.size() > longest ? text + "..." : text;
}

ZipArchive::ZipArchive(const std::string& path) : file_(path) {
  for (ZipEntry& entry : read_zip_directory(file_)) add(std::move(entry));
}

void ZipArchive::add(ZipEntry entry) {
  const uint64_t most = file_.size() > UINT64_MAX / 64
                            ? UINT64_MAX
                            : file_.size() * most_unpacked_per_byte + always_allowed_bytes;
  if (entry.packed_bytes > file_.size() - packed_ || entry.bytes > most - unpacked_) {
    fail<CheckpointError>(
        "{}: its entries, with '{}', are said to have {} bytes packed and {} unpacked more than "
        "the {} before, too many for a file of {} bytes.",
        path(), printable(entry.name), entry.packed_bytes, entry.bytes, unpacked_, file_.size());
  }
  packed_ += entry.packed_bytes;
  unpacked_ += entry.bytes;
  if (!index_.emplace(entry.name, entries_.size()).second) {
    fail<CheckpointError>("{}: has two entries '{}'.", path(), printable(entry.name));
  }
  entries_.push_back(std::move(entry));
}

const ZipEntry* ZipArchive::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

std::vector<std::byte> ZipArchive::read(const ZipEntry& entry) const {
  std::vector<std::byte> packed(entry.packed_bytes);
  file_.read(data_offset(file_, entry), packed);
  std::vector<std::byte> bytes;
  if (entry.deflated) {
    bytes.resize(entry.bytes);
    if (!unpack(packed, bytes)) {
      fail<CheckpointError>("{}: entry '{}' does not unpack to its {} bytes; it is damaged.",
                            path(), printable(entry.name), entry.bytes);
    }
  } else {
    bytes = std::move(packed);
  }
  if (checksum(bytes) != entry.crc32) {
    fail<CheckpointError>("{}: entry '{}' is damaged: its checksum is off; copy the file again.",
                          path(), printable(entry.name));
  }
  return bytes;
}

}  // namespace tandem
