// Reads what gzip wrote.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace tandem {

// The unpacked content of a gzip stream. Throws DataError if it is damaged or unpacks to more
// than max_bytes.
std::string gunzip(std::string_view packed, size_t max_bytes);

// A whole file, unpacked if it is gzipped. Throws DataError if it is missing, damaged or has more
// than max_bytes, packed or unpacked.
std::string read_maybe_gzipped(const std::filesystem::path& file, size_t max_bytes);

}  // namespace tandem
