#include "train/adapters/adapter_folder.h"

#include "core/error.h"
#include "train/adapters/fit_progress.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/config/changes.h"
#include "train/config/read.h"
#include "train/data/write_file.h"
#include "train/report/html_report.h"
#include "train/report/metric_charts.h"

#include <algorithm>
#include <utility>

namespace tandem {

namespace fs = std::filesystem;

AdapterFolder::AdapterFolder(const RunConfig& config, const std::string& path, bool resume)
    : config_(config),
      folder_(open_run_folder(path.empty() ? fs::path("runs") / config.name : fs::path(path),
                              resume)),
      lock_(folder_.path) {
  if (done()) return;
  if (resume && fs::exists(folder_.config())) check_config("began here");
  if (fs::exists(progress())) {
    if (!resume) {
      fail<ConfigError>("{}: holds a run that was stopped; go on with --resume or name another "
                        "--run.",
                        folder_.path.string());
    }
    before_ = read_progress(progress(), config_);
    return;
  }
  // Without results the run did not end: it begins anew, and so does what it says.
  anew_ = resume;
  for (const auto& entry : fs::directory_iterator(folder_.path)) {
    const std::string name = entry.path().filename();
    if (entry.path() == folder_.metrics() || name.starts_with("events.out.tfevents")) {
      fs::remove(entry.path());
    }
  }
}

bool AdapterFolder::done() const {
  if (!fs::exists(results())) return false;
  check_config("ended here");
  return true;
}

void AdapterFolder::check_config(const char* what) const {
  const RunConfig before = read_run_config(folder_.config());
  for (const ConfigChange& change : config_changes(before, config_)) {
    if (change.harmless) continue;
    fail<ConfigError>("{}: a run with {} {} {}, and this one has {}; name another --run.",
                      folder_.path.string(), change.key, change.before, what, change.after);
  }
}

void AdapterFolder::start(const Device& device) {
  output_.emplace(folder_);
  if (before_) output_->resume_at(before_->last.step);
  write_file(folder_.config(), to_yaml(config_));
  output_->say(fmt::format("device: {} ({})", device.info().name, device.info().driver));
  if (anew_) output_->say("there is nothing to resume from; starting anew");
  output_->start({.epochs = config_.train.epochs});
  saved_ = seconds_now();
}

std::optional<FitState> AdapterFolder::stopped_before() {
  if (before_) output_->say(fmt::format("resuming after epoch {}", before_->last.epoch));
  return std::exchange(before_, std::nullopt);
}

void AdapterFolder::after_epoch(const FitEpoch& epoch, const std::function<FitState()>& state,
                                bool stopping) {
  constexpr double often_enough = 60;  // seconds
  tell(epoch);
  if (!stopping && seconds_now() - saved_ < often_enough) return;
  saved_ = seconds_now();
  try {
    write_progress(progress(), state(), config_);
  } catch (const CheckpointError& error) {
    if (stopping) throw;
    output_->say(fmt::format("progress is not saved; the next try is in {:.0f} s: {}", often_enough,
                             error.what()));
  }
}

void AdapterFolder::tell(const FitEpoch& epoch) {
  step_ = epoch.step;
  epoch_ = epoch.epoch;
  MetricsRecord line{.step = step_, .epoch = static_cast<double>(epoch_), .kind = "train"};
  line.values = {{"loss", epoch.loss}, {"lr", epoch.lr}, {"grad_norm", epoch.gradient_norm}};
  const bool retrieves = config_.adapter.kind == "projection";
  if (epoch.validation) {
    line.values.emplace_back(retrieves ? "validation_R@1" : "validation_acc1", *epoch.validation);
  }
  if (epoch.validation_loss) line.values.emplace_back("validation_loss", *epoch.validation_loss);
  output_->record(line, "train/");
}

void AdapterFolder::tested(const std::string& name, const NamedFigures& figures) {
  output_->record({.step = step_,
                   .epoch = static_cast<double>(epoch_),
                   .kind = "eval",
                   .name = name,
                   .values = figures},
                  "eval/" + name + "/");
  tested_.emplace_back(name, figures);
}

void AdapterFolder::finish(const nlohmann::ordered_json& document, const Checkpoint& checkpoint,
                           const Device& device) {
  write_checkpoint(folder_.checkpoints() / checkpoint_name(step_), checkpoint);
  write_report(device);
  write_file(results(), document.dump(1) + "\n");
  fs::remove(progress());
  output_->say(fmt::format("report: {}", folder_.report().string()));
  output_->finish();
}

void AdapterFolder::write_report(const Device& device) const {
  ReportData data{.name = config_.name, .subtitle = config_.adapter.kind};
  data.config = to_yaml(config_);
  data.facts.push_back({"Device", device.info().name});
  for (const auto& [name, figures] : tested_) {
    for (const auto& [figure, value] : figures) {
      const bool share = value >= 0 && value <= 1 && figure.find("rank") == std::string::npos;
      data.facts.push_back({name + ", " + figure, share ? fmt::format("{:.1f} %", 100 * value)
                                                        : fmt::format("{:g}", value)});
    }
  }
  data.charts = charts_from_metrics(read_metrics(folder_.metrics()));
  write_html_report(folder_.report(), data);
}

}  // namespace tandem
