#include "train/checkpoint_keeper.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/checkpoint/file.h"

#include <algorithm>
#include <system_error>
#include <thread>

namespace tandem {

namespace {

// The last checkpoint has no later one that could make up for it.
constexpr int last_tries = 3;
constexpr std::chrono::seconds between_last_tries(1);

// A run that goes on from a checkpoint has the lines before it even after a power failure.
void flush_metrics(const RunFolder& folder) {
  try {
    flush_to_disk(folder.metrics().string());
  } catch (const CheckpointError&) {  // the checkpoint is worth more than they are
  }
}

}  // namespace

CheckpointKeeper::CheckpointKeeper(const RunConfig& config, const RunFolder& folder,
                                   const Variables& variables, std::string tokenizer,
                                   RunOutput& output, double retry_seconds)
    : config_(config),
      folder_(folder),
      variables_(variables),
      tokenizer_(std::move(tokenizer)),
      output_(output),
      retry_seconds_(retry_seconds),
      rule_(parse_checkpoint_rule(config.train.checkpoint_every).value()),
      metric_(parse_best_metric(config.train.keep_best)),
      last_(seconds_now()) {}

void CheckpointKeeper::resume_at(int64_t step) {
  saved_step_ = step;
  if (!metric_) return;
  kept_.best = best_checkpoint(folder_, *metric_);
}

bool CheckpointKeeper::due(const RunPosition& position) {
  if (writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    collect();
  }
  if (!failure_.empty() && seconds_now() - last_ >= retry_seconds_) return true;
  switch (rule_.unit) {
    case CheckpointRule::Unit::steps:
      return position.step % rule_.count == 0;
    case CheckpointRule::Unit::seconds:
      return seconds_now() - last_ >= static_cast<double>(rule_.count);
    case CheckpointRule::Unit::epoch:
      break;
  }
  return position.batch == 0;
}

bool CheckpointKeeper::evaluated(int64_t step, std::span<const MetricsRecord> lines) {
  if (!metric_) return false;
  const double begin = seconds_now();
  collect();  // it may be about to become the best
  waited_ += seconds_now() - begin;
  const std::optional<BestStep> now = best_of(*metric_, lines);
  if (!now || (kept_.best && now->value <= kept_.best->value)) return false;
  output_.say(fmt::format("step {}: the best {} so far, {:.4f}", step, config_.train.keep_best,
                          now->value));
  if (saved_step_ != step) {
    hopeful_ = now;
    return true;
  }
  kept_.best = now;
  const std::string problem = prune(kept_, saved_step_);
  if (!problem.empty()) output_.say(problem);
  return false;
}

void CheckpointKeeper::save(const RunPosition& position, double epoch) {
  const double begin = seconds_now();
  collect();
  last_ = seconds_now();
  writing_step_ = position.step;
  writing_best_ = std::exchange(hopeful_, std::nullopt);
  kept_.back = position.back;
  kept_.before = position.before;
  write({writing_best_ ? writing_best_ : kept_.best, kept_.back, kept_.before},
        std::make_shared<Checkpoint>(take_snapshot(variables_, config_, tokenizer_, position)));
  const double stall = seconds_now() - begin + std::exchange(waited_, 0);
  stalled_ += stall;
  longest_stall_ = std::max(longest_stall_, stall);
  output_.skip(stall);
  MetricsRecord line{.step = position.step, .epoch = epoch, .kind = "checkpoint"};
  line.values = {{"checkpoint_stall_seconds", stall}};
  output_.record(line, "checkpoint/");
}

void CheckpointKeeper::write(const KeptSteps& kept, std::shared_ptr<const Checkpoint> copy) {
  const auto job = [this, kept, copy = std::move(copy), step = writing_step_] {
    flush_metrics(folder_);
    write_checkpoint((folder_.checkpoints() / checkpoint_name(step)).string(), *copy);
    return prune(kept, step);
  };
  try {
    writing_ = std::async(std::launch::async, job);
  } catch (const std::system_error&) {  // there is no thread to be had
    writing_ = std::async(std::launch::deferred, job);
    collect();
  }
}

void CheckpointKeeper::collect() {
  if (!writing_.valid()) return;
  try {
    const std::string problem = writing_.get();
    failure_.clear();
    saved_step_ = writing_step_;
    ++written_;
    if (writing_best_) kept_.best = writing_best_;
    if (!problem.empty()) output_.say(problem);
  } catch (const std::exception& error) {
    failure_ = error.what();
    output_.say(
        fmt::format("the checkpoint of step {} is not saved: {} Those before are good; the next "
                    "try is at the next checkpoint, or {:.0f} s after this one.",
                    writing_step_, failure_, retry_seconds_));
  }
}

std::string CheckpointKeeper::prune(const KeptSteps& kept, int64_t last) const {
  try {
    prune_run(folder_, config_.train, kept, last);
    return "";
  } catch (const CheckpointError& error) {
    return fmt::format("an old checkpoint is kept: {}", error.what());
  }
}

void CheckpointKeeper::finish(const RunPosition& position, double epoch) {
  collect();
  for (int tries = 0; saved_step_ != position.step && tries < last_tries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(between_last_tries);
    save(position, epoch);
    collect();
  }
  if (saved_step_ != position.step) {
    fail<CheckpointError>(
        "the last checkpoint, of step {}, can't be saved: {} Make room and go on "
        "with --resume from the one before.",
        position.step, failure_);
  }
  tell();
}

void CheckpointKeeper::tell() const {
  if (written_ == 0) return;
  output_.say(
      fmt::format("checkpoints: {} saved; training waited {:.3f} s for each, at most {:.3f} s",
                  written_, stalled_ / static_cast<double>(written_), longest_stall_));
}

}  // namespace tandem
