#include "train/cli/eval_adapter.h"

#include "core/error.h"
#include "train/adapters/adapter_outcome.h"
#include "train/adapters/adapter_run.h"
#include "train/adapters/base_features.h"
#include "train/adapters/projection.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/run_report.h"
#include "train/snapshot.h"

namespace tandem {

void eval_feature_adapter(const std::string& source, const std::string& features, Device& device,
                          bool json, nlohmann::ordered_json& document) {
  namespace fs = std::filesystem;
  const std::string path = find_checkpoint(source).path;
  const Checkpoint checkpoint = read_checkpoint_model(path);
  RunConfig config = config_of(checkpoint, path);
  if (!features.empty()) {
    config.data.features = features;
    config.data.table.clear();
    config.adapter.base.clear();
  }
  const fs::path run = fs::absolute(path).parent_path().parent_path();
  AdapterFeatures opened(config, feature_cache(run), device, [](const std::string&) {});
  document["checkpoint"] = path;
  document["device"] = device.info().name;
  if (config.adapter.kind == "projection") {
    const ProjectionOutcome outcome =
        test_projection(checkpoint, opened.set(), config, device, path);
    document.update(projection_json(outcome, opened.set(), config));
    if (json) return;
    fmt::print("{}\n{}\n", summary("frozen", outcome.before), summary("test", outcome.after));
    return;
  }
  const FittedAdapter adapter = adapter_of(checkpoint, opened.set(), path);
  const AdapterData data = split_features(opened.set(), config);
  const AdapterOutcome outcome = test_adapter(adapter, data, device);
  document.update(outcome_json(adapter, outcome, data, config));
  if (!json) fmt::print("{}\n", outcome_text(adapter.kind, outcome));
}

}  // namespace tandem
