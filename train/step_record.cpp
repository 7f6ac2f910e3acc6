#include "train/step_record.h"

namespace tandem {

MetricsRecord step_record(const StepResult& result, const StepSettings& settings,
                          const Progress& progress, const RunConfig& config) {
  MetricsRecord line{.kind = "train"};
  line.values = {{"loss", result.loss},
                 {"lr", settings.lr},
                 {"grad_norm", result.gradient_norm},
                 {"logit_scale", result.logit_scale},
                 {"pairs_per_second", progress.pairs_per_second()},
                 {"data_wait", progress.wait_share()}};
  if (config.precision == "fp16") line.values.emplace_back("loss_scale", result.loss_scale);
  return line;
}

}  // namespace tandem
