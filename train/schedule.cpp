#include "train/schedule.h"

#include "core/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tandem {

Schedule::Schedule(const TrainConfig& config, int64_t steps_per_epoch, int64_t total_steps)
    : config_(config),
      steps_(total_steps),
      cooldown_start_(std::max<int64_t>(
          total_steps - config.epochs_cooldown * steps_per_epoch, 0)) {
  if (config.lr_scheduler != "cosine" && config.lr_scheduler != "const" &&
      config.lr_scheduler != "const-cooldown") {
    fail<ConfigError>("lr_scheduler: '{}' is not known; use cosine, const or const-cooldown.",
                      config.lr_scheduler);
  }
}

double Schedule::at(int64_t step) const {
  if (step < config_.warmup) {
    return config_.lr * static_cast<double>(step + 1) / static_cast<double>(config_.warmup);
  }
  if (config_.lr_scheduler == "cosine") {
    const auto done = static_cast<double>(step - config_.warmup);
    const auto all = static_cast<double>(std::max<int64_t>(steps_ - config_.warmup, 1));
    return 0.5 * (1 + std::cos(std::numbers::pi * std::min(done / all, 1.0))) * config_.lr;
  }
  if (config_.lr_scheduler == "const" || step < cooldown_start_) return config_.lr;
  const auto done = static_cast<double>(step - cooldown_start_);
  const auto all = static_cast<double>(std::max<int64_t>(steps_ - cooldown_start_, 1));
  const double decay = std::pow(1 - std::min(done / all, 1.0), config_.lr_cooldown_power);
  return decay * (config_.lr - config_.lr_cooldown_end) + config_.lr_cooldown_end;
}

}  // namespace tandem
