#include "train/printable.h"

#include "train/config/utf8.h"

#include <algorithm>

namespace tandem {
namespace {

bool is_control(unsigned char byte) {
  return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
}

// In valid UTF-8, C1 is the byte c2 and one from 80 to 9f.
void append_printable(std::string_view valid, std::string& to) {
  for (size_t i = 0; i < valid.size(); ++i) {
    const bool c1 = valid[i] == '\xc2' && static_cast<unsigned char>(valid[i + 1]) < 0xa0;
    to += c1 || is_control(static_cast<unsigned char>(valid[i])) ? '?' : valid[i];
    i += c1;
  }
}

// The end of the last whole character in the first `most` bytes.
size_t whole_characters(std::string_view text, size_t most) {
  const auto continues = [&](size_t at) { return (text[at] & 0xc0) == 0x80; };
  size_t end = most;
  while (end > 0 && most - end < 3 && continues(end)) --end;
  return continues(end) ? most : end;
}

}  // namespace

std::string printable_text(std::string_view text, size_t most) {
  const bool is_long = text.size() > most;
  if (is_long) text = text.substr(0, whole_characters(text, most));
  std::string printable;
  while (true) {
    const size_t valid = std::min(first_invalid_utf8(text), text.size());
    append_printable(text.substr(0, valid), printable);
    if (valid == text.size()) break;
    printable += '?';
    text.remove_prefix(valid + 1);
  }
  return is_long ? printable + "..." : printable;
}

}  // namespace tandem
