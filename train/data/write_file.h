// Whole files or none.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// Writes a file beside `path` and renames it, so that a failure leaves no half of one. Throws
// DataError, naming the path, where that can't be done.
void write_file(const std::string& path, std::string_view bytes);

}  // namespace tandem
