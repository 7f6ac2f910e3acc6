#include "train/checkpoint/seal.h"

#include "core/error.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

namespace tandem {
namespace {

constexpr std::string_view magic = "tandem checkpoint ";
using Block = std::array<std::byte, seal_bytes>;

Block block_for(uint64_t bytes, uint32_t crc) {
  const std::string text = fmt::format("{}1\nbytes {}\ncrc32 {:08x}\n", magic, bytes, crc);
  Block block{};
  std::memcpy(block.data(), text.data(), text.size());
  return block;
}

uint32_t crc_of(const InputFile& file) {
  std::vector<std::byte> part(static_cast<size_t>(std::min<uint64_t>(4 << 20, file.size())));
  uLong crc = crc32_z(0, nullptr, 0);
  for (uint64_t at = seal_bytes; at < file.size();) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(part.size(), file.size() - at));
    file.read(at, std::span(part).first(count));
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(part.data()), count);
    at += count;
  }
  return static_cast<uint32_t>(crc);
}

// The number of bytes that a block claims; 0 if it claims none.
uint64_t claimed_bytes(std::string_view text) {
  const size_t at = text.find("\nbytes ");
  uint64_t bytes = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + 7, text.data() + text.size(), bytes);
  }
  return bytes;
}

Block begin_of(const InputFile& file) {
  Block block{};
  file.read(0, std::span(block).first(static_cast<size_t>(std::min(file.size(), seal_bytes))));
  return block;
}

std::string_view text_of(const Block& block) {
  return {reinterpret_cast<const char*>(block.data()), block.size()};
}

}  // namespace

bool has_seal(const std::string& path) {
  return text_of(begin_of(InputFile(path))).starts_with(magic);
}

void write_seal(OutputFile& file) {
  const InputFile written(file.path());
  file.write_at(0, block_for(written.size() - seal_bytes, crc_of(written)));
}

void check_seal(const std::string& path) {
  const InputFile file(path);
  const Block block = begin_of(file);
  const std::string_view text = text_of(block);
  if (!text.starts_with(magic)) {
    fail<CheckpointError>("{}: is not a checkpoint that Tandem wrote.", path);
  }
  if (!text.substr(magic.size()).starts_with("1\n")) {
    fail<CheckpointError>("{}: has a format version that this Tandem does not know (1 is known).",
                          path);
  }
  const uint64_t bytes = file.size() > seal_bytes ? file.size() - seal_bytes : 0;
  if (claimed_bytes(text) != bytes || bytes == 0) {
    fail<CheckpointError>(
        "{}: is truncated or damaged: it should have {} bytes and has {}; use an "
        "older checkpoint.",
        path, claimed_bytes(text) + seal_bytes, file.size());
  }
  if (block != block_for(bytes, crc_of(file))) {
    fail<CheckpointError>(
        "{}: is damaged, or was changed by another program: its checksum does "
        "not match its content; use an older checkpoint.",
        path);
  }
}

}  // namespace tandem
