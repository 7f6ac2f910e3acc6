#include "train/text/compose.h"

#include "train/text/utf8.h"

#include <glib.h>

#include <algorithm>
#include <vector>

namespace tandem {
namespace {

struct Character {
  gunichar code;
  int combining_class;  // 0: a starter, which marks that follow may combine with
};

std::vector<Character> decomposed(std::string_view text) {
  std::vector<Character> characters;
  characters.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    const gsize count = g_unichar_fully_decompose(next_utf8(text, at), FALSE, parts,
                                                  G_UNICHAR_MAX_DECOMPOSITION_LENGTH);
    for (gsize i = 0; i < count; ++i)
      characters.push_back({parts[i], g_unichar_combining_class(parts[i])});
  }
  return characters;
}

// Marks in a row go by class, and those of a class stay as they are.
void put_in_canonical_order(std::vector<Character>& characters) {
  const auto is_starter = [](const Character& c) { return c.combining_class == 0; };
  for (auto begin = characters.begin(); begin != characters.end();) {
    begin = std::find_if_not(begin, characters.end(), is_starter);
    const auto end = std::find_if(begin, characters.end(), is_starter);
    std::ranges::stable_sort(begin, end, {}, &Character::combining_class);
    begin = end;
  }
}

// Each character becomes one with the last starter unless one between them, which stays, is of the
// same class or a higher one.
void compose(std::vector<Character>& characters) {
  size_t starter = 0, kept = 0;
  for (const Character next : characters) {
    const bool blocked =
        kept > starter + 1 && characters[kept - 1].combining_class >= next.combining_class;
    gunichar both = 0;
    if (kept > starter && !blocked &&
        g_unichar_compose(characters[starter].code, next.code, &both)) {
      characters[starter].code = both;
      continue;
    }
    if (next.combining_class == 0) starter = kept;
    characters[kept++] = next;
  }
  characters.resize(kept);
}

}  // namespace

std::string composed(std::string_view text) {
  std::vector<Character> characters = decomposed(text);
  put_in_canonical_order(characters);
  compose(characters);
  std::string out;
  out.reserve(text.size());
  for (const Character& c : characters) append_utf8(c.code, out);
  return out;
}

}  // namespace tandem
