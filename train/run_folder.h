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

}  // namespace tandem
