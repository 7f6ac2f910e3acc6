// Code points to and from UTF-8.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

inline constexpr uint32_t kReplacementCharacter = 0xfffd;

// Appends one code point, which must be below 0x110000 and no surrogate.
inline void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;  // bytes after the first
  constexpr uint8_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kFirst[more] | (code >> (6 * more)));
  for (int shift = 6 * (more - 1); shift >= 0; shift -= 6)
    out += static_cast<char>(0x80 | ((code >> shift) & 0x3f));
}

// The code point that starts at `at`, which is moved past it. `text` must be valid UTF-8.
inline uint32_t next_utf8(std::string_view text, size_t& at) {
  const auto first = static_cast<uint8_t>(text[at++]);
  if (first < 0x80) return first;
  const int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  uint32_t code = first & (0x3f >> more);
  for (int i = 0; i < more; ++i) code = (code << 6) | (static_cast<uint8_t>(text[at++]) & 0x3f);
  return code;
}

inline bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 128; });
}

}  // namespace tandem
