// Unicode's composed form of texts.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// The text, which must be valid UTF-8, in Normalization Form C (Unicode Standard Annex #15). Unlike
// g_utf8_normalize(), it takes no time that grows with the square of the length.
std::string composed(std::string_view text);

}  // namespace tandem
