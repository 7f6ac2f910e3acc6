// Runs every point of a sweep, each as a program of its own in a folder of its own.
#pragma once

#include "train/sweep/sweep_report.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tandem {

struct SweepRequest {
  std::string program;                 // the path of `tandem` itself
  std::string config;
  std::vector<std::string> overrides;  // of all runs
  std::vector<std::string> arguments;  // of `tandem train`, for all runs: --device and the like
  std::vector<GridAxis> axes;
  std::vector<uint64_t> seeds;         // empty: the config's
  std::filesystem::path folder;        // empty: runs/<name>-sweep
};

// What happens to a run: "done before", "0.812 in 3 s", "failed: ...".
using SweepNews = std::function<void(const SweepRun& run, size_t number, size_t of,
                                     const std::string& text)>;

// Each run is `tandem train` in <folder>/<its values>, with what it says in output.txt there. One
// that has ended before is not done again; one that was cut off is resumed. A run that fails is
// noted, and the next begins. Writes results.json and report.html. Throws ConfigError before the
// first run where a point's config is wrong or a folder has a run of another config; and Error
// where a signal came to stop (StopSignals), once the run under way has saved.
Sweep run_sweep(const SweepRequest& request, const SweepNews& news);

}  // namespace tandem
