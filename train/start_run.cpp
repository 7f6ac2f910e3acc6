#include "train/start_run.h"

#include "train/adapters/adapter_run.h"

namespace tandem {

void start_run(const RunConfig& config, const TrainOptions& options) {
  if (config.adapter.on_features()) return run_feature_adapter(config, options);
  Trainer(config, options).run();
}

}  // namespace tandem
