// Caption cleaning as open_clip does it before tokens are made.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// In this order: bytes that are no UTF-8 become U+FFFD; control characters go; curly quotes,
// full-width forms and Latin ligatures become plain ones, and the text is composed (NFC), which is
// the part of ftfy that changes captions; HTML character references are resolved twice; white
// space is stripped and collapsed to one space; letters are lower-cased by Unicode's rules.
std::string clean_text(std::string_view text);

// As open_clip's SigLIP tokenizers have it: like clean_text(), but `_` becomes a space and ASCII's
// other punctuation goes before letters are lower-cased.
std::string canonical_text(std::string_view text);

// The text with U+FFFD for every byte that is not part of UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace tandem
