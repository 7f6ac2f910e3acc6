// What stands at a path before a reader opens it.
#pragma once

#include "core/error.h"

#include <filesystem>
#include <string>

namespace tandem {

// Throws E for a folder, a pipe or a device, of which a read may wait for ever or have no end.
// A path at which nothing is goes through: the reader's own error says what was wanted there.
template <class E>
void require_regular_file(const std::string& path) {
  std::error_code none;
  const auto status = std::filesystem::status(path, none);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) return;
  fail<E>("{}: is not a regular file; give the path of a file.", path);
}

}  // namespace tandem
