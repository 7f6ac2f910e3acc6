// When a checkpoint is due, as `train.checkpoint_every` says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tandem {

struct CheckpointRule {
  enum class Unit { steps, seconds, epoch } unit = Unit::epoch;
  int64_t count = 1;  // steps or seconds between checkpoints

  bool operator==(const CheckpointRule&) const = default;
};

// Reads "500" (steps), "90s", "15min", "2h" or "epoch"; nothing if it is none of them.
std::optional<CheckpointRule> parse_checkpoint_rule(std::string_view text);

}  // namespace tandem
