#pragma once

#include <cstddef>
#include <string_view>

namespace tandem {

// Offset of the first byte that is not part of valid UTF-8 (or is a zero byte); npos if none.
size_t first_invalid_utf8(std::string_view text);

}  // namespace tandem
