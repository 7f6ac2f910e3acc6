// The character names of HTML 4.01, section 24, with the capitals that HTML 5 adds and `apos`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tandem {

// The code point of a name such as "eacute"; none if there is no such name.
std::optional<uint32_t> html_character(std::string_view name);

// Whether HTML allows the name of this character to lack its semicolon: those of Latin-1, and of
// & < > and ".
bool needs_no_semicolon(uint32_t code);

}  // namespace tandem
