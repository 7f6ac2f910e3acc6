// The files of a run, all below one folder.
#pragma once

#include <filesystem>

namespace tandem {

struct RunFolder {
  std::filesystem::path path;

  std::filesystem::path config() const { return path / "config.yaml"; }  // resolved
  std::filesystem::path log() const { return path / "log.txt"; }
  std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
  std::filesystem::path events() const { return path; }  // TensorBoard's event files
  std::filesystem::path checkpoints() const { return path / "checkpoints"; }
  std::filesystem::path report() const { return path / "report.html"; }
};

// Makes the folder of a new run, or of one that goes on (`resume`). Throws DataError if it can't
// be made, ConfigError if a run that is not to be resumed is in it already.
RunFolder open_run_folder(const std::filesystem::path& path, bool resume);

}  // namespace tandem
