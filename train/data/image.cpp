#include "train/data/image.h"

#include "core/error.h"
#include "train/data/jpeg.h"
#include "train/data/png.h"
#include "train/data/webp.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tandem {
namespace {

constexpr std::array<uint8_t, 8> png_signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::array<uint8_t, 3> jpeg_signature{0xff, 0xd8, 0xff};

bool starts_with(std::span<const uint8_t> bytes, std::span<const uint8_t> start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

// RIFF, four bytes of length, WEBP.
bool is_webp(std::span<const uint8_t> bytes) {
  return bytes.size() >= 12 && std::memcmp(bytes.data(), "RIFF", 4) == 0 &&
         std::memcmp(bytes.data() + 8, "WEBP", 4) == 0;
}

// The first bytes, as hexadecimal numbers and as text.
std::string first_bytes(std::span<const uint8_t> bytes) {
  std::string numbers, text;
  for (const uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 8))) {
    numbers += fmt::format("{}{:02x}", numbers.empty() ? "" : " ", byte);
    text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
  }
  return fmt::format("{} ('{}')", numbers, text);
}

// Refuses what is not there, a folder, a pipe and a device.
void check_is_file(const std::string& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) fail<DataError>("{}: no such file.", path);
  if (!std::filesystem::is_regular_file(status)) fail<DataError>("{}: not a file.", path);
}

// Refuses what does not begin as one of the formats.
void check_signature(std::span<const uint8_t> bytes, const std::string& name) {
  if (bytes.empty()) fail<DataError>("{}: the file is empty; expected a PNG, JPEG or WebP.", name);
  if (starts_with(bytes, png_signature) || starts_with(bytes, jpeg_signature) || is_webp(bytes)) {
    return;
  }
  fail<DataError>(
      "{}: not a PNG, JPEG or WebP picture: it starts with {}; expected 89 50 4e 47, ff d8 ff or "
      "RIFF.",
      name, first_bytes(bytes));
}

}  // namespace

Alpha alpha_from_name(const std::string& name) {
  if (name == "drop") return Alpha::drop;
  if (name == "white") return Alpha::white;
  fail<ConfigError>("alpha is '{}'; expected drop or white.", name);
}

void check_size(int64_t width, int64_t height, const std::string& name,
                const DecodeOptions& options) {
  if (width < 1 || height < 1) fail<DataError>("{}: the picture is {} x {}.", name, width, height);
  if (width > options.max_pixels / height) {
    fail<DataError>(
        "{}: the picture is {} x {}, but at most {} pixels are allowed; shrink it, or "
        "raise max_pixels.",
        name, width, height, options.max_pixels);
  }
}

Image decode_image(std::span<const uint8_t> bytes, const std::string& name,
                   const DecodeOptions& options) {
  check_signature(bytes, name);
  if (starts_with(bytes, png_signature)) return decode_png(bytes, name, options);
  if (starts_with(bytes, jpeg_signature)) return decode_jpeg(bytes, name, options);
  return decode_webp(bytes, name, options);
}

void check_file_size(int64_t bytes, const std::string& name, const DecodeOptions& options) {
  // 8 bytes a pixel at most, and room for metadata.
  const int64_t limit = options.max_pixels * 8 + (int64_t{64} << 20);
  if (bytes <= limit) return;
  fail<DataError>("{}: the file has {} bytes; a picture of at most {} pixels has at most {}.", name,
                  bytes, options.max_pixels, limit);
}

std::vector<uint8_t> read_picture_file(const std::string& path, const DecodeOptions& options) {
  check_is_file(path);
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (!code) check_file_size(static_cast<int64_t>(size), path, options);
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes(code ? 0 : size);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (code || !file) {
    fail<DataError>("{}: can't be read: {}.", path, code ? code.message() : std::strerror(errno));
  }
  return bytes;
}

void check_picture_file(const std::string& path) {
  check_is_file(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<DataError>("{}: can't be read: {}.", path, std::strerror(errno));
  std::array<uint8_t, 12> start{};
  file.read(reinterpret_cast<char*>(start.data()), start.size());
  check_signature(std::span(start).first(static_cast<size_t>(file.gcount())), path);
}

Image load_image(const std::string& path, const DecodeOptions& options) {
  return decode_image(read_picture_file(path, options), path, options);
}

}  // namespace tandem
