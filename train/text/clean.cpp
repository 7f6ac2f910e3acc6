#include "train/text/clean.h"

#include "train/text/compose.h"
#include "train/text/html.h"
#include "train/text/utf8.h"

// GLib's Unicode tables: it is there already, under librsvg.
#include <glib.h>

#include <algorithm>
#include <memory>

namespace tandem {
namespace {

struct Free {
  void operator()(char* text) const { g_free(text); }
};
using GText = std::unique_ptr<char, Free>;

gssize length_of(const std::string& text) { return static_cast<gssize>(text.size()); }

// ftfy's control characters: none of them is white space.
bool is_control(uint32_t code) {
  return code < 9 || code == 0x0b || (code >= 0x0e && code < 0x20) || code == 0x7f ||
         (code >= 0x206a && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffc);
}

// Full- and half-width forms, and letters that are two letters in one.
bool has_plain_form(uint32_t code) {
  return (code >= 0xff01 && code <= 0xffef) || (code >= 0xfb00 && code <= 0xfb06) ||
         (code >= 0x01c4 && code <= 0x01cc) || (code >= 0x01f1 && code <= 0x01f3) ||
         code == 0x0132 || code == 0x0133 || code == 0x0149;
}

void append_plain_form(uint32_t code, std::string& out) {
  std::string character;
  append_utf8(code, character);
  const GText plain(g_utf8_normalize(character.c_str(), -1, G_NORMALIZE_NFKC));
  out += plain ? plain.get() : character.c_str();
}

void append_fixed(uint32_t code, std::string& out) {
  if (is_control(code)) return;
  if (code == 0x02bc || (code >= 0x2018 && code <= 0x201b)) {
    out += '\'';
  } else if (code >= 0x201c && code <= 0x201f) {
    out += '"';
  } else if (code == 0x3000) {
    out += ' ';
  } else if (has_plain_form(code)) {
    append_plain_form(code, out);
  } else {
    append_utf8(code, out);
  }
}

std::string fix_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) append_fixed(next_utf8(text, at), out);
  return is_ascii(out) ? out : composed(out);
}

// Python's str.isspace, which open_clip splits by.
bool is_space(uint32_t code) {
  return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
         code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
         code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

std::string collapse_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool pending = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (is_space(next_utf8(text, at))) {
      pending = !out.empty();
      continue;
    }
    if (pending) out += ' ';
    pending = false;
    out += text.substr(begin, at - begin);
  }
  return out;
}

// Capitals that are no letters, which GLib leaves alone: Roman numerals and letters in circles.
std::string lower_numerals(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next_utf8(text, at);
    const bool roman = code >= 0x2160 && code <= 0x216f;
    const bool circled = code >= 0x24b6 && code <= 0x24cf;
    append_utf8(code + (roman ? 16 : circled ? 26 : 0), out);
  }
  return out;
}

std::string lower_case(std::string text) {
  if (!is_ascii(text))
    return lower_numerals(GText(g_utf8_strdown(text.c_str(), length_of(text))).get());
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Python's string.punctuation.
bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

std::string fixed_text(std::string_view text) {
  return unescape_html(unescape_html(fix_characters(valid_utf8(text))));
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  return GText(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()))).get();
}

std::string clean_text(std::string_view text) {
  return lower_case(collapse_spaces(fixed_text(text)));
}

std::string canonical_text(std::string_view text) {
  std::string fixed = fixed_text(text);
  std::ranges::replace(fixed, '_', ' ');
  std::erase_if(fixed, is_punctuation);
  return collapse_spaces(lower_case(std::move(fixed)));
}

}  // namespace tandem
