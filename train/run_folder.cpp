#include "train/run_folder.h"

#include "core/error.h"

namespace tandem {

RunFolder open_run_folder(const std::filesystem::path& path, bool resume) {
  const RunFolder folder{path};
  std::error_code error;
  std::filesystem::create_directories(folder.checkpoints(), error);
  if (error) {
    fail<DataError>("{}: the folder can't be made: {}.", folder.path.string(), error.message());
  }
  if (!resume && !std::filesystem::is_empty(folder.checkpoints())) {
    fail<ConfigError>("{}: holds a run already; go on with --resume or name another --run.",
                      folder.path.string());
  }
  return folder;
}

}  // namespace tandem
