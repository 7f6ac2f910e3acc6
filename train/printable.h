// Texts out of files, made fit for a terminal and a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tandem {

// With '?' for each control character (C0 but line feed and tab, DEL, C1) and each byte that is not
// UTF-8. Of a longer text the first `most` bytes and "...", no character cut.
std::string printable_text(std::string_view text, size_t most = 2048);

}  // namespace tandem
