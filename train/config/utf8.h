#pragma once

#include <cstddef>
#include <string_view>

namespace tandem {

// Offset of the first byte that is not part of valid UTF-8 (or is a zero byte); npos if none.
size_t first_invalid_utf8(std::string_view text);

// Why such bytes are no text, as the end of a sentence: "is not UTF-8; ..."; empty for a text.
std::string_view text_fault(std::string_view bytes);

}  // namespace tandem
