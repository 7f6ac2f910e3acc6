// Whole files or none.
#pragma once

#include <string>
#include <string_view>

namespace tandem {

// Writes a file beside `path`, flushes it and renames it, so that neither a failure nor a crash
// leaves half of one. Throws DataError, naming the path and the reason, where that can't be done.
void write_file(const std::string& path, std::string_view bytes);

}  // namespace tandem
