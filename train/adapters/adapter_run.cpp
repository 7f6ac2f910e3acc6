#include "train/adapters/adapter_run.h"

#include "core/error.h"
#include "train/adapters/adapter_outcome.h"
#include "train/adapters/base_features.h"
#include "train/adapters/fit_adapter.h"
#include "train/adapters/projection.h"
#include "train/run_report.h"
#include "train/signals.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

AdapterData data_of(const RunConfig& config, AdapterFeatures& features) {
  AdapterData data = split_features(features.set(), config);
  if (config.adapter.augment_passes > 1) data.keys = features.augmented(data.train.rows);
  return data;
}

void classify(const RunConfig& config, AdapterFeatures& features, AdapterFolder& run,
              Device& device) {
  const AdapterData data = data_of(config, features);
  run.output().say(fmt::format("features: {}; {} pictures to learn from, {} to choose on, {} to "
                               "test",
                               data.set.source, data.train.size(), data.validation.size(),
                               data.test.size() + data.fresh.size()));
  const FittedAdapter adapter = fit_adapter(data, config, device, &run);
  const AdapterOutcome outcome = test_adapter(adapter, data, device);
  for (const auto& [name, figures] : figures_of(outcome)) run.tested(name, figures);
  run.output().say(outcome_text(adapter.kind, outcome));
  run.finish(outcome_json(adapter, outcome, data, config),
             adapter_checkpoint(adapter, data, config), device);
}

void project(const RunConfig& config, AdapterFeatures& features, AdapterFolder& run,
             Device& device) {
  const ProjectionOutcome outcome = fit_projection(features.set(), config, device, run);
  run.tested("frozen", retrieval_values(outcome.before));
  run.tested("test", retrieval_values(outcome.after));
  run.output().say(summary("frozen", outcome.before));
  run.output().say(summary("test", outcome.after));
  run.finish(projection_json(outcome, features.set(), config),
             projection_checkpoint(outcome, features.set(), config), device);
}

}  // namespace

void run_feature_adapter(const RunConfig& config, const TrainOptions& options) {
  const StopSignals signals;
  AdapterFolder run(config, options.run, options.resume);
  if (run.done()) {
    fmt::print("{}: the run is done\n", run.folder().path.string());
    return;
  }
  const std::unique_ptr<Device> device =
      options.open ? options.open() : open_device(config.device, options.device);
  run.start(*device);
  AdapterFeatures features(config, feature_cache(run.folder().path), *device,
                           [&](const std::string& text) { run.output().say(text); });
  try {
    if (config.adapter.kind == "projection") return project(config, features, run, *device);
    classify(config, features, run, *device);
  } catch (const FitStopped& stopped) {
    run.output().say(fmt::format("stopped by {}; go on with --resume", stopped.signal));
    run.output().finish();
  }
}

fs::path feature_cache(const fs::path& run) {
  return fs::absolute(run).lexically_normal().parent_path() / "feature_cache";
}

}  // namespace tandem
