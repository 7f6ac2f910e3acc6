// Text and pictures made safe for a self-contained page.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// The text with markup characters escaped, for elements and quoted attributes alike. Bytes that
// are not UTF-8, and control characters that HTML does not allow, become U+FFFD.
std::string escape_html(std::string_view text);

// "data:image/png;base64,..." of an encoded picture (PNG or JPEG, told by its signature).
std::string picture_uri(std::string_view encoded);

// An <img> of an encoded picture, lazily decoded; an empty frame where there are no bytes.
std::string picture_html(std::string_view encoded, std::string_view description);

}  // namespace tandem
