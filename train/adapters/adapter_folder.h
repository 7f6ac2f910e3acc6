// The folder of an adapter's run: what is written there, in which order.
#pragma once

#include "core/device.h"
#include "train/adapters/fit_epochs.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/run_config.h"
#include "train/lock.h"
#include "train/run_output.h"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tandem {

using NamedFigures = std::vector<std::pair<std::string, double>>;

class AdapterFolder : public FitWatcher {
 public:
  // Opens and locks the folder. What an unfinished run left there goes, unless it was stopped: then
  // it goes on. Throws as open_run_folder and RunLock do, and ConfigError for a run that was stopped
  // and is not to be resumed.
  AdapterFolder(const RunConfig& config, const std::string& path, bool resume);

  const RunFolder& folder() const { return folder_; }
  RunOutput& output() { return *output_; }

  // Whether a run ended here before, with the same config: then nothing is to be done. Throws
  // ConfigError where its config was another.
  bool done() const;

  // Writes config.yaml and starts to log. Before the fit.
  void start(const Device& device);

  // A line of metrics an epoch; and at most every minute, and at the end of a fit that stops, what
  // it would go on from.
  std::optional<FitState> stopped_before() override;
  void after_epoch(const FitEpoch& epoch, const std::function<FitState()>& state,
                   bool stopping) override;

  // Figures of what was tested: a line of metrics each, and a fact in the report.
  void tested(const std::string& name, const NamedFigures& figures);

  // Writes results.json, the checkpoint and the report, which ends the run.
  void finish(const nlohmann::ordered_json& results, const Checkpoint& checkpoint,
              const Device& device);

 private:
  std::string results() const { return folder_.path / "results.json"; }
  std::string progress() const { return folder_.path / "progress.h5"; }
  // Throws ConfigError where the run of this folder, which `what` says it did, had another config.
  void check_config(const char* what) const;
  void tell(const FitEpoch& epoch);
  void write_report(const Device& device) const;

  RunConfig config_;
  RunFolder folder_;
  RunLock lock_;
  std::optional<FitState> before_;
  bool anew_ = false;  // what was to be resumed left nothing to go on from
  std::optional<RunOutput> output_;
  int64_t step_ = 0;
  int64_t epoch_ = 0;
  double saved_ = 0;  // when, in seconds_now()
  std::vector<std::pair<std::string, NamedFigures>> tested_;
};

}  // namespace tandem
