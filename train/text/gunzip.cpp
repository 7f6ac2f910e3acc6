#include "train/text/gunzip.h"

#include "core/error.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>

namespace tandem {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's largest window, gzip's header

// Ends the stream with the scope.
struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) fail<DataError>("zlib can't start.");
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::string gunzip(std::string_view packed, size_t max_bytes) {
  Inflater inflater;
  auto& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK) {
    const size_t before = text.size();
    if (before >= max_bytes) fail<DataError>("it unpacks to more than {} bytes.", max_bytes);
    text.resize(std::min(max_bytes, std::max<size_t>(2 * before, size_t{1} << 16)));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = static_cast<uInt>(text.size() - before);
    state = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  if (state != Z_STREAM_END) fail<DataError>("the gzip data is damaged or cut off.");
  return text;
}

std::string read_maybe_gzipped(const std::filesystem::path& file, size_t max_bytes) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none))
    fail<DataError>("there is no such file; check its path.");
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) fail<DataError>("the file can't be opened; check its permissions.");
  const auto size = static_cast<size_t>(stream.tellg());
  if (size > max_bytes)
    fail<DataError>("the file has {} bytes, more than the {} allowed.", size, max_bytes);
  std::string content(size, '\0');
  stream.seekg(0);
  if (!stream.read(content.data(), static_cast<std::streamsize>(size)))
    fail<DataError>("the file can't be read.");
  return content.starts_with("\x1f\x8b") ? gunzip(content, max_bytes) : content;
}

}  // namespace tandem
