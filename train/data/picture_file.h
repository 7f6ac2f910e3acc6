// Files that hold many pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tandem {

class PictureFile {
 public:
  virtual ~PictureFile() = default;

  // A picture as decode_image reads it, by its place in the file. Thread-safe. Throws DataError,
  // naming the picture by `name`.
  virtual std::vector<uint8_t> read(int64_t offset, int64_t bytes,
                                    const std::string& name) const = 0;
};

}  // namespace tandem
