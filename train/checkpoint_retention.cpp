#include "train/checkpoint_retention.h"

#include "train/checkpoint/checkpoint_folder.h"
#include "train/snapshot.h"

namespace tandem {

std::optional<BestStep> best_checkpoint(const RunFolder& folder, const BestMetric& metric) {
  std::vector<MetricsRecord> lines = read_metrics(folder.metrics());
  while (const std::optional<BestStep> best = best_of(metric, lines)) {
    const auto path = folder.checkpoints() / checkpoint_name(best->step);
    if (verifies(path.string())) return best;
    std::erase_if(lines, [&](const MetricsRecord& line) { return line.step == best->step; });
  }
  return std::nullopt;
}

KeptSteps steps_to_go_back_to(const Checkpoint& checkpoint) {
  return {.best = {},
          .back = count_of(checkpoint, "back"),
          .before = count_of(checkpoint, "back_before")};
}

std::vector<std::string> prune_run(const RunFolder& folder, const TrainConfig& train,
                                   const KeptSteps& kept, std::optional<int64_t> last) {
  const int64_t every = train.keep_every;
  const bool rolls_back = train.on_nonfinite == "rollback";
  const auto also = [&](int64_t step) {
    return (every > 0 && step % every == 0) || (kept.best && step == kept.best->step) ||
           (rolls_back && (step == kept.back || step == kept.before));
  };
  return prune_checkpoints(folder.checkpoints().string(), train.keep_last, also, last);
}

}  // namespace tandem
