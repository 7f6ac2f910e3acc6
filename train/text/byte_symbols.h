// The printable stand-ins of bytes in merge lists (Radford et al. 2019, byte-level BPE): every
// byte is one character, none of them white space or a control character.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

inline constexpr int32_t kByteCount = 256;
inline constexpr std::string_view kWordEnd = "</w>";

// The bytes in the order of their token ids: printable ASCII, printable Latin-1, then the others.
const std::array<uint8_t, kByteCount>& bytes_in_id_order();

// The stand-in of one byte, in UTF-8.
const std::string& symbol_of_byte(uint8_t byte);

// The bytes that a symbol stands for, with a space for a closing "</w>". Throws DataError if a
// character is no stand-in.
std::string bytes_of_symbol(std::string_view symbol);

}  // namespace tandem
