#include "train/checkpoint_rule.h"

#include <charconv>

namespace tandem {

std::optional<CheckpointRule> parse_checkpoint_rule(std::string_view text) {
  constexpr int64_t most = 1'000'000'000;
  if (text == "epoch") return CheckpointRule{};
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 1 || count > most) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (unit.empty()) return CheckpointRule{CheckpointRule::Unit::steps, count};
  const int64_t seconds = unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : 0;
  if (seconds == 0) return std::nullopt;
  return CheckpointRule{CheckpointRule::Unit::seconds, count * seconds};
}

}  // namespace tandem
