#include "train/report/html.h"

#include <fmt/format.h>

#include <cstdint>

namespace tandem {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// Bytes of the well-formed UTF-8 character at the start of `text`; 0 if there is none.
// (Unicode 15, table 3-7.)
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < count) return 0;
  for (size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
  return count;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t word = 0;
    for (size_t i = 0; i < 3; ++i) {
      word = word << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    }
    for (size_t i = 0; i < 4; ++i) {
      text += at + i <= bytes.size() ? digits[word >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const size_t count = character_bytes(text);
    const char first = text[0];
    const bool control =
        (first >= 0 && first < ' ' && first != '\n' && first != '\t') || first == '\x7f';
    if (count == 0 || control) {
      escaped += replacement;
    } else if (first == '&') {
      escaped += "&amp;";
    } else if (first == '<') {
      escaped += "&lt;";
    } else if (first == '>') {
      escaped += "&gt;";
    } else if (first == '"') {
      escaped += "&quot;";
    } else if (first == '\'') {
      escaped += "&#39;";
    } else {
      escaped += text.substr(0, count);
    }
    text.remove_prefix(count == 0 ? 1 : count);
  }
  return escaped;
}

std::string picture_uri(std::string_view encoded) {
  const bool jpeg = encoded.starts_with("\xFF\xD8");
  return fmt::format("data:image/{};base64,{}", jpeg ? "jpeg" : "png", base64(encoded));
}

std::string picture_html(std::string_view encoded, std::string_view description) {
  const std::string text = escape_html(description);
  if (encoded.empty()) return fmt::format("<span class=\"none\" title=\"{}\"></span>", text);
  return fmt::format("<img src=\"{}\" alt=\"{}\" title=\"{}\" decoding=\"async\">",
                     picture_uri(encoded), text, text);
}

}  // namespace tandem
