#include "train/data/npy.h"

#include "core/error.h"

#include <fmt/ranges.h>

namespace tandem {

std::string npy_bytes(const std::vector<int64_t>& shape, std::span<const uint8_t> values) {
  int64_t count = 1;
  for (const int64_t length : shape) count *= length;
  if (count != static_cast<int64_t>(values.size())) {
    fail<DataError>("npy: {} values for a shape of {}.", values.size(), shape);
  }
  // A Python dict; a tuple of one has a comma. Magic, lengths and dict fill a multiple of 64 bytes.
  constexpr size_t before = 10;
  std::string header = fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}{}), }}",
                                   fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size());
  return bytes;
}

}  // namespace tandem
