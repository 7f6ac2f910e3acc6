// The folder of an adapter's run: what is written there, in which order.
#pragma once

#include "core/device.h"
#include "train/adapters/fit_scores.h"
#include "train/checkpoint/checkpoint.h"
#include "train/lock.h"
#include "train/run_output.h"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tandem {

using NamedFigures = std::vector<std::pair<std::string, double>>;

class AdapterFolder {
 public:
  // Opens and locks the folder; what an unfinished run left there goes. Throws as open_run_folder
  // and RunLock do.
  AdapterFolder(const RunConfig& config, const std::string& path, bool resume);

  const RunFolder& folder() const { return folder_; }
  RunOutput& output() { return *output_; }

  // Whether a run ended here before, with the same config: then nothing is to be done. Throws
  // ConfigError where its config was another.
  bool done() const;

  // Writes config.yaml and starts to log. Before told().
  void start(const Device& device);

  // After an epoch: one line of metrics.
  void told(const FitEpoch& epoch);

  // Figures of what was tested: a line of metrics each, and a fact in the report.
  void tested(const std::string& name, const NamedFigures& figures);

  // Writes results.json, the checkpoint and the report, which ends the run.
  void finish(const nlohmann::ordered_json& results, const Checkpoint& checkpoint,
              const Device& device);

 private:
  std::string results() const { return folder_.path / "results.json"; }
  void write_report(const Device& device) const;

  RunConfig config_;
  RunFolder folder_;
  RunLock lock_;
  std::optional<RunOutput> output_;
  int64_t step_ = 0;
  int64_t epoch_ = 0;
  std::vector<std::pair<std::string, NamedFigures>> tested_;
};

}  // namespace tandem
