#include "train/schedule.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tandem {

Schedule::Schedule(const TrainConfig& config, int64_t steps_per_epoch, int64_t total_steps)
    : config_(config),
      steps_per_epoch_(steps_per_epoch),
      steps_(total_steps),
      warmup_(config.warmup_epochs > 0 ? config.warmup_epochs * steps_per_epoch : config.warmup),
      cooldown_start_(std::max<int64_t>(
          total_steps - config.epochs_cooldown * steps_per_epoch, 0)) {
  const std::string& kind = config.lr_scheduler;
  if (kind != "cosine" && kind != "cosine-epochs" && kind != "const" && kind != "const-cooldown") {
    fail<ConfigError>(
        "lr_scheduler: '{}' is not known; use cosine, cosine-epochs, const or const-cooldown.",
        kind);
  }
}

double Schedule::at(int64_t step) const {
  if (step < warmup_) {
    if (config_.warmup_epochs > 0) return config_.warmup_lr;
    return config_.lr * static_cast<double>(step + 1) / static_cast<double>(warmup_);
  }
  if (config_.lr_scheduler == "cosine") return cosine(step - warmup_, steps_ - warmup_);
  if (config_.lr_scheduler == "cosine-epochs") {
    return cosine(step / steps_per_epoch_ - config_.warmup_epochs,
                  (steps_ + steps_per_epoch_ - 1) / steps_per_epoch_);
  }
  if (config_.lr_scheduler == "const" || step < cooldown_start_) return config_.lr;
  const auto done = static_cast<double>(step - cooldown_start_);
  const auto all = static_cast<double>(std::max<int64_t>(steps_ - cooldown_start_, 1));
  const double decay = std::pow(1 - std::min(done / all, 1.0), config_.lr_cooldown_power);
  return decay * (config_.lr - config_.lr_cooldown_end) + config_.lr_cooldown_end;
}

double Schedule::cosine(int64_t done, int64_t all) const {
  const double share = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(all, 1));
  return 0.5 * (1 + std::cos(std::numbers::pi * std::min(share, 1.0))) * config_.lr;
}

}  // namespace tandem
