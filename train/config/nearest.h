#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// Fewest insertions, deletions, substitutions and swaps of neighbours that make `b` of `a`
// (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b);

// The known word that `word` is most likely a slip of the keyboard for; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace tandem
