#include "train/text/html.h"

#include "train/text/html_names.h"
#include "train/text/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tandem {
namespace {

constexpr size_t kLongestName = 32;

// Windows-1252 from 0x80; 0 where it has no character.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

bool is_noncharacter(uint32_t code) {
  return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

void append_numbered(uint32_t code, std::string& out) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    append_utf8(kReplacementCharacter, out);
  } else if (code >= 0x80 && code < 0xa0) {
    append_utf8(kWindows1252[code - 0x80] != 0 ? kWindows1252[code - 0x80] : code, out);
  } else if (code == '\t' || code == '\n' || code == '\f' || code == '\r' ||
             (code >= 0x20 && code != 0x7f && !is_noncharacter(code))) {
    append_utf8(code, out);
  }  // other control characters and noncharacters vanish
}

// What follows "&#": appends its character and returns how many bytes it took; 0 if no number.
size_t replace_number(std::string_view rest, std::string& out) {
  const bool hexadecimal = rest.starts_with('x') || rest.starts_with('X');
  const char* begin = rest.data() + (hexadecimal ? 1 : 0);
  const char* end = rest.data() + rest.size();
  uint32_t code = 0;
  const auto [after, error] = std::from_chars(begin, end, code, hexadecimal ? 16 : 10);
  if (error == std::errc::invalid_argument) return 0;
  append_numbered(error == std::errc() ? code : 0x110000, out);
  return static_cast<size_t>(after - rest.data()) + (after != end && *after == ';' ? 1 : 0);
}

// What follows "&": appends its character and returns how many bytes it took; 0 if no name.
size_t replace_name(std::string_view rest, std::string& out) {
  auto name = rest.substr(0, kLongestName);
  name = name.substr(0, name.find_first_of("\t\n\f <&#;"));
  if (name.size() < rest.size() && rest[name.size()] == ';') {
    if (const auto code = html_character(name)) {
      append_utf8(*code, out);
      return name.size() + 1;
    }
  }
  for (size_t length = name.size(); length >= 2; --length) {
    const auto code = html_character(name.substr(0, length));
    if (!code || !needs_no_semicolon(*code)) continue;
    append_utf8(*code, out);
    return length;
  }
  return 0;
}

}  // namespace

std::string unescape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t ampersand = std::min(text.find('&', at), text.size());
    out += text.substr(at, ampersand - at);
    if (ampersand == text.size()) break;
    const auto rest = text.substr(ampersand + 1);
    const bool numbered = rest.starts_with('#');
    const size_t taken = numbered ? replace_number(rest.substr(1), out) : replace_name(rest, out);
    if (taken == 0) out += '&';
    at = ampersand + 1 + (taken != 0 && numbered ? taken + 1 : taken);
  }
  return out;
}

}  // namespace tandem
