// NumPy's file format (numpy.lib.format, version 1.0).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tandem {

// An array of bytes (dtype uint8, C order) as the content of a .npy file.
// Throws DataError where the shape and the number of values differ.
std::string npy_bytes(const std::vector<int64_t>& shape, std::span<const uint8_t> values);

}  // namespace tandem
