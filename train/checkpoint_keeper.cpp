#include "train/checkpoint_keeper.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint_folder.h"

#include <algorithm>
#include <thread>

namespace tandem {

namespace {

// The last checkpoint has no later one that could make up for it.
constexpr int last_tries = 3;
constexpr std::chrono::seconds between_last_tries(1);

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
  std::vector<MetricsRecord> lines = read_metrics(folder_.metrics());
  std::erase_if(lines, [this](const MetricsRecord& line) {
    return !std::filesystem::exists(folder_.checkpoints() / checkpoint_name(line.step));
  });
  best_ = best_of(*metric_, lines);
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
  collect();  // it may be about to become the best
  const std::optional<BestStep> now = best_of(*metric_, lines);
  if (!now || (best_ && now->value <= best_->value)) return false;
  output_.say(fmt::format("step {}: the best {} so far, {:.4f}", step, config_.train.keep_best,
                          now->value));
  if (saved_step_ != step) {
    hopeful_ = now;
    return true;
  }
  best_ = now;
  if (const std::string problem = prune(best_, back_); !problem.empty()) output_.say(problem);
  return false;
}

void CheckpointKeeper::save(const RunPosition& position, double epoch) {
  const double begin = seconds_now();
  collect();
  last_ = seconds_now();
  writing_step_ = position.step;
  writing_best_ = std::exchange(hopeful_, std::nullopt);
  const std::optional<BestStep> best = writing_best_ ? writing_best_ : best_;
  back_ = position.back;
  writing_ = std::async(
      std::launch::async,
      [this, best, back = back_,
       path = (folder_.checkpoints() / checkpoint_name(position.step)).string(),
       copy = take_snapshot(variables_, config_, tokenizer_, position)] {
        write_checkpoint(path, copy);
        return prune(best, back);
      });
  const double stall = seconds_now() - begin;
  stalled_ += stall;
  longest_stall_ = std::max(longest_stall_, stall);
  output_.skip(stall);
  MetricsRecord line{.step = position.step, .epoch = epoch, .kind = "checkpoint"};
  line.values = {{"checkpoint_stall_seconds", stall}};
  output_.record(line, "checkpoint/");
}

void CheckpointKeeper::collect() {
  if (!writing_.valid()) return;
  try {
    const std::string problem = writing_.get();
    failure_.clear();
    saved_step_ = writing_step_;
    ++written_;
    if (writing_best_) best_ = writing_best_;
    if (!problem.empty()) output_.say(problem);
  } catch (const std::exception& error) {
    failure_ = error.what();
    output_.say(
        fmt::format("the checkpoint of step {} is not saved: {} Those before are good; the next "
                    "try is at the next checkpoint, or {:.0f} s after this one.",
                    writing_step_, failure_, retry_seconds_));
  }
}

std::string CheckpointKeeper::prune(const std::optional<BestStep>& best, int64_t back) const {
  const int64_t every = config_.train.keep_every;
  if (config_.train.on_nonfinite != "rollback") back = -1;
  try {
    prune_checkpoints(folder_.checkpoints().string(), config_.train.keep_last,
                      [every, best, back](int64_t step) {
                        return (every > 0 && step % every == 0) || step == back ||
                               (best && step == best->step);
                      });
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
