#include "train/run_output.h"

#include "core/error.h"
#include "train/printable.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace tandem {

namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  std::clearerr(stdout);  // a run goes on without a screen, and has its log
}

}  // namespace

double seconds_now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

RunOutput::RunOutput(const RunFolder& folder)
    : folder_(folder), log_(folder.log()), metrics_(folder.metrics()) {}

void RunOutput::resume_at(int64_t step) {
  metrics_.truncate_after(step);
  resumed_ = step;
}

bool RunOutput::was_evaluated(int64_t step) const {
  const std::vector<MetricsRecord> lines = read_metrics(folder_.metrics());
  return std::any_of(lines.begin(), lines.end(), [step](const MetricsRecord& line) {
    return line.kind == "eval" && line.step == step;
  });
}

void RunOutput::drop_evaluations(int64_t step) {
  try {
    metrics_.drop_evaluations(step);
  } catch (const DataError& error) {
    say(error.what());
  }
}

void RunOutput::start(ProgressOptions options) {
  options.terminal = output_is_terminal();
  options.screen = print;
  options.log = [this](std::string_view line) { log_.write(line); };
  events_.reset();
  progress_.emplace(std::move(options), seconds_now());
}

void RunOutput::say(const std::string& news) {
  const std::string text = printable_text(news);
  if (progress_) return progress_->message(text);
  print(text + "\n");
  log_.write(text);
}

void RunOutput::record(const MetricsRecord& line, const std::string& tag) {
  try {
    metrics_.append(line);
    if (!events_) events_.emplace(folder_.events(), resumed_);
    for (const auto& [name, value] : line.values) events_->scalar(tag + name, line.step, value);
    unrecorded_ = false;
  } catch (const DataError& error) {
    if (!unrecorded_)
      say(fmt::format("metrics are missing from step {} on: {}", line.step, error.what()));
    unrecorded_ = true;
  }
}

}  // namespace tandem
