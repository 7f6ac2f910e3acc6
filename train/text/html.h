// HTML character references, as captions scraped from web pages have them.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// Replaces `&#233;`, `&#xe9;` and the names of HTML 4 (and `&apos;`) by their characters, by the
// rules of HTML 5, section 13.2.5.72: Latin-1 names may lack the semicolon, numbers 128 to 159 are
// read as Windows-1252, and what names no character stays as it is. `text` is UTF-8, and so is the
// result.
std::string unescape_html(std::string_view text);

}  // namespace tandem
