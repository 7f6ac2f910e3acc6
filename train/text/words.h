// CLIP's split of a cleaned caption into words.
#pragma once

#include <functional>
#include <string_view>

namespace tandem {

// Calls `visit` with each word of `text` (UTF-8) in order: a special token, a contraction's ending
// ('s 't 're 've 'm 'll 'd), a run of letters, one digit, or a run of what is none of these and no
// white space. The words live as long as `text`. Throws DataError if `text` is not UTF-8.
void for_each_word(std::string_view text, const std::function<void(std::string_view)>& visit);

inline constexpr std::string_view kStartToken = "<start_of_text>";
inline constexpr std::string_view kEndToken = "<end_of_text>";

}  // namespace tandem
