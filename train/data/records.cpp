#include "train/data/records.h"

#include "core/error.h"

namespace tandem {
namespace {

struct Utf8Range {
  uint8_t lead_low, lead_high;      // of the first byte
  uint8_t second_low, second_high;  // of the second; later ones are 80..bf
  int following;
};

constexpr Utf8Range utf8_ranges[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
    {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
    {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

// Bytes of the character at the start of text; 0 if it is none.
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (const Utf8Range& range : utf8_ranges) {
    if (byte(0) < range.lead_low || byte(0) > range.lead_high) continue;
    const auto count = static_cast<size_t>(range.following) + 1;
    if (text.size() < count) return 0;
    if (count > 1 && (byte(1) < range.second_low || byte(1) > range.second_high)) return 0;
    for (size_t i = 2; i < count; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return count;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t count = character_bytes(text);
    if (count == 0) return false;
    text.remove_prefix(count);
  }
  return true;
}

RecordReader::RecordReader(std::istream& stream) : bytes_(*stream.rdbuf()) {
  char mark[3] = {};
  const bool marked = bytes_.sgetn(mark, 3) == 3 && std::string_view(mark, 3) == "\xef\xbb\xbf";
  if (!marked) bytes_.pubseekpos(0);
}

int RecordReader::take() {
  const int byte = bytes_.sbumpc();
  if (byte == '\n') ++next_line_;
  ++record_bytes_;
  return byte;
}

int RecordReader::peek() { return bytes_.sgetc(); }

void RecordReader::refuse(const char* reason) {
  while (record_bytes_ > 0) {  // skip what is left of the line
    const int byte = take();
    if (byte == '\n' || byte < 0) break;
  }
  throw DataError(reason);
}

bool RecordReader::next_line(std::string& line) {
  line.clear();
  line_ = next_line_;
  record_bytes_ = 0;
  if (peek() < 0) return false;
  for (int byte = take(); byte >= 0 && byte != '\n'; byte = take()) {
    if (record_bytes_ > max_record_bytes) refuse("the line is longer than 1 MiB");
    line += static_cast<char>(byte);
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

bool RecordReader::next_values(char separator, std::vector<std::string>& values) {
  values.clear();
  line_ = next_line_;
  record_bytes_ = 0;
  if (peek() < 0) return false;
  int end = separator;
  while (end == separator) {
    values.emplace_back();
    end = take_value(separator, values.back());
  }
  return true;
}

int RecordReader::take_value(char separator, std::string& value) {
  const bool quoted = peek() == '"';
  if (quoted) take_quoted(value);
  while (true) {
    const int byte = take();
    if (byte == separator || byte == '\n' || byte < 0) return byte;
    if (byte == '\r' && (peek() == '\n' || peek() < 0)) continue;
    if (quoted) refuse("a value goes on after its closing quote; double the quotes inside values");
    if (record_bytes_ > max_record_bytes) refuse("the row is longer than 1 MiB");
    value += static_cast<char>(byte);
  }
}

void RecordReader::take_quoted(std::string& value) {
  take();  // the opening quote
  while (true) {
    const int byte = take();
    if (byte < 0) refuse("a quoted value has no closing quote");
    if (record_bytes_ > max_record_bytes) {
      refuse("the row is longer than 1 MiB; is a closing quote missing?");
    }
    if (byte == '"') {
      if (peek() != '"') return;
      take();
    }
    value += static_cast<char>(byte);
  }
}

}  // namespace tandem
