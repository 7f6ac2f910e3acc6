#include "train/data/write_file.h"

#include "core/error.h"

#include <filesystem>
#include <fstream>

namespace tandem {

void write_file(const std::string& path, std::string_view bytes) {
  const std::string partial = path + ".partial";
  std::ofstream file(partial, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code code;
  if (file) std::filesystem::rename(partial, path, code);
  if (file && !code) return;
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  fail<DataError>("{}: can't be written; check the folder and the free space.", path);
}

}  // namespace tandem
