#include "train/data/tar.h"

#include "core/error.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tandem {
namespace {

constexpr int64_t block = 512;
constexpr int64_t window_bytes = 8192;
constexpr int64_t most_extension_bytes = 1 << 20;  // a name, or a pax header

// Where the fields of a header are.
constexpr size_t name_at = 0, name_bytes = 100, mode_at = 100, size_at = 124, size_bytes = 12,
                 sum_at = 148, sum_bytes = 8, type_at = 156, magic_at = 257, prefix_at = 345,
                 prefix_bytes = 155;

template <class F>
auto with_data_errors(F&& f) {
  try {
    return f();
  } catch (const CheckpointError& error) {
    throw DataError(error.what());
  }
}

int64_t padded(int64_t size) { return (size + block - 1) / block * block; }

std::string text_at(const char* field, size_t bytes) { return {field, strnlen(field, bytes)}; }

// An octal number with blanks around it, or GNU's binary one; -1 for anything else.
int64_t number_at(const char* field, size_t bytes) {
  if ((field[0] & 0x80) != 0) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
      if (value >> 54 != 0) return -1;
      value = value << 8 | (i == 0 ? field[0] & 0x7f : field[i] & 0xff);
    }
    return static_cast<int64_t>(value);
  }
  const char* begin = field;
  const char* end = field + bytes;
  while (begin < end && *begin == ' ') ++begin;
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value, 8);
  const bool ended = stop == end || *stop == ' ' || *stop == '\0';
  return error == std::errc() && ended && value >= 0 ? value : -1;
}

// The sum of a header's bytes, its own field as blanks.
int64_t sum_of(const char* header) {
  int64_t sum = 0;
  for (size_t i = 0; i < block; ++i) {
    sum += i >= sum_at && i < sum_at + sum_bytes ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

std::string name_of(const char* header) {
  const std::string name = text_at(header + name_at, name_bytes);
  if (std::memcmp(header + magic_at, "ustar\0", 6) != 0) return name;
  const std::string prefix = text_at(header + prefix_at, prefix_bytes);
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}

// One record "length key=value\n" of a pax header, taken off its front; false if it is none.
bool take_record(std::string_view& text, std::string_view& key, std::string_view& value) {
  size_t length = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const auto digits = static_cast<size_t>(stop - text.data());
  if (error != std::errc() || length <= digits + 1 || length > text.size()) return false;
  if (text[digits] != ' ' || text[length - 1] != '\n') return false;
  const std::string_view record = text.substr(digits + 1, length - digits - 2);
  const size_t equals = record.find('=');
  if (equals == std::string_view::npos) return false;
  key = record.substr(0, equals);
  value = record.substr(equals + 1);
  text.remove_prefix(length);
  return true;
}

}  // namespace

TarReader::TarReader(const std::string& path)
    : path_(path), file_(with_data_errors([&] { return std::make_unique<InputFile>(path); })) {
  size_ = static_cast<int64_t>(file_->size());
  unsigned char start[2] = {};
  if (size_ >= 2) read_at(0, reinterpret_cast<char*>(start), 2);
  if (start[0] == 0x1f && start[1] == 0x8b) {
    refuse("it is compressed; shards are read at random places, so unpack it with gunzip");
  }
}

void TarReader::refuse(const std::string& reason) const {
  fail<DataError>("{}: {}.", path_, reason);
}

void TarReader::read_at(int64_t offset, char* to, int64_t count) {
  const auto have = static_cast<int64_t>(window_.size());
  if (offset < window_at_ || offset + count > window_at_ + have) {
    window_.resize(std::min(std::max(count, window_bytes), size_ - offset));
    window_at_ = offset;
    with_data_errors([&] {
      file_->read(static_cast<uint64_t>(offset), std::as_writable_bytes(std::span(window_)));
    });
  }
  std::copy_n(window_.begin() + (offset - window_at_), count, to);
}

// Reads the header at at_; false where the archive ends.
bool TarReader::read_header(char* header) {
  if (size_ - at_ < block) {
    refuse(
        fmt::format("it ends at byte {} without the mark of an archive's end; it was cut", size_));
  }
  read_at(at_, header, block);
  if (std::all_of(header, header + block, [](char c) { return c == 0; })) return false;
  if (number_at(header + sum_at, sum_bytes) != sum_of(header)) {
    refuse(fmt::format("no header of a tar member at byte {}: its checksum is wrong", at_));
  }
  return true;
}

bool TarReader::next(TarMember& member) {
  char header[block];
  while (read_header(header)) {
    const char type = header[type_at];
    const bool extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    member = {name_of(header), at_ + block, number_at(header + size_at, size_bytes)};
    if (!extension) apply_extensions(member);
    if (type >= '1' && type <= '6') member.size = 0;  // links, devices and folders have no bytes
    if (member.size < 0) refuse(fmt::format("{} has a size that is no number", member.name));
    if (member.size > size_ - member.offset) {
      refuse(fmt::format("{} has {} bytes from byte {} on, but the file ends at {}; it was cut",
                         member.name, member.size, member.offset, size_));
    }
    at_ = std::min(member.offset + padded(member.size), size_);
    if (type == 'S') refuse(fmt::format("{} is sparse; pack it without --sparse", member.name));
    if (type == 'x' || type == 'L') read_extension(type, member);
    if (type == '0' || type == '7' || (type == '\0' && !member.name.ends_with('/'))) return true;
  }
  return false;
}

void TarReader::apply_extensions(TarMember& member) {
  if (!long_name_.empty()) member.name = std::move(long_name_);
  if (long_size_ >= 0) member.size = long_size_;
  long_name_.clear();
  long_size_ = -1;
}

// GNU's long name, or pax's name and size, of the member that follows.
void TarReader::read_extension(char type, const TarMember& member) {
  const std::string content = read(member, most_extension_bytes);
  if (type == 'L') {
    long_name_ = text_at(content.data(), content.size());
    return;
  }
  std::string_view text = content, key, value;
  while (!text.empty()) {
    if (!take_record(text, key, value)) {
      refuse(fmt::format("the pax header at byte {} is damaged", member.offset));
    }
    if (key == "path") long_name_ = text_at(value.data(), value.size());
    if (key != "size") continue;
    const auto [stop, error] =
        std::from_chars(value.data(), value.data() + value.size(), long_size_);
    if (error != std::errc() || stop != value.data() + value.size() || long_size_ < 0) {
      refuse(fmt::format("the pax header at byte {} has a size that is no number", member.offset));
    }
  }
}

std::string TarReader::read(const TarMember& member, int64_t limit) {
  if (member.size > limit) {
    refuse(fmt::format("{} has {} bytes; expected at most {}", member.name, member.size, limit));
  }
  std::string content(member.size, '\0');
  read_at(member.offset, content.data(), member.size);
  return content;
}

std::string tar_member(const std::string& name, std::string_view content) {
  if (name.empty() || name.size() > name_bytes) {
    fail<DataError>("tar: the name '{}' has {} bytes; expected 1 to {}.", name, name.size(),
                    name_bytes);
  }
  std::string member(block, '\0');
  const auto put = [&](size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), member.begin() + static_cast<int64_t>(at));
  };
  put(name_at, name);
  put(mode_at, "0000644");
  put(mode_at + 8, "0000000");   // owner
  put(mode_at + 16, "0000000");  // group
  put(size_at, fmt::format("{:011o}", content.size()));
  put(size_at + size_bytes, "00000000000");  // time
  put(type_at, "0");
  put(magic_at, std::string_view("ustar\00000", 8));
  put(sum_at, fmt::format("{:06o}", sum_of(member.data())));
  put(sum_at + sum_bytes - 1, " ");
  member += content;
  member.resize(block + padded(static_cast<int64_t>(content.size())), '\0');
  return member;
}

std::string tar_end() { return std::string(2 * block, '\0'); }

}  // namespace tandem
