#include "tests/folders.h"

#include <cstdlib>

namespace tandem::test {

std::filesystem::path source_folder() { return TANDEM_SOURCE_DIR; }

std::filesystem::path shared_folder() {
  const char* given = std::getenv("TANDEM_SHARED");
  return given != nullptr ? std::filesystem::path(given) : source_folder() / "../shared";
}

}  // namespace tandem::test
