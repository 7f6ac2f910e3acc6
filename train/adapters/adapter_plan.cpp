#include "train/adapters/adapter_plan.h"

#include "train/checkpoint/checkpoint_folder.h"
#include "train/features/feature_set.h"
#include "train/loaded_model.h"
#include "train/snapshot.h"

#include <filesystem>

namespace tandem {
namespace {

// `classes` 0: not known.
std::optional<int64_t> trained_numbers(const RunConfig& config, int64_t E, int64_t classes) {
  const AdapterConfig& adapter = config.adapter;
  const FewShotConfig& few = config.data.few_shot;
  const int64_t K = few.base_to_new ? (classes + 1) / 2 : classes;
  if (adapter.kind == "zero_shot" || adapter.kind == "tip_adapter") return 0;
  if (adapter.kind == "projection") {  // and the scale and bias of its loss
    const int64_t maps = adapter.projection.side == "both" ? 2 : 1;
    return maps * E * E + (config.train.loss == "siglip" ? 2 : 1);
  }
  if (adapter.kind == "clip_adapter") return 2 * E * (E / adapter.clip_adapter.reduction);
  if (adapter.kind == "linear_probe" && K > 0) return K * (E + 1);
  if (adapter.kind == "tip_adapter_f" && K > 0 && few.shots > 0) return few.shots * K * E;
  return std::nullopt;
}

void add_features(const RunConfig& config, AdapterPlan& plan) {
  const FeatureSet set = read_feature_set(config.data.features);
  plan.pictures = set.images->rows();
  plan.width = set.images->width();
  plan.feature_bytes = static_cast<uint64_t>(*plan.pictures * *plan.width) * sizeof(float);
  plan.parameters = trained_numbers(config, *plan.width, set.classes());
}

void add_base(const RunConfig& config, const DeviceInfo& device, AdapterPlan& plan) {
  const std::string path = find_checkpoint(config.adapter.base).path;
  const Checkpoint checkpoint = read_checkpoint_model(path);
  ClipConfig model = config_of(checkpoint, path).model;
  model.image_tower = true;
  uint64_t bytes = planned_encoder_bytes(model, LoadedModel::chunk, device);
  for (const NamedTensor& tensor : checkpoint.model) bytes += tensor.values.size() * sizeof(float);
  plan.base_bytes = bytes;
  plan.width = model.embed_dim;
  plan.parameters = trained_numbers(config, *plan.width, 0);
}

}  // namespace

AdapterPlan plan_adapter(const RunConfig& config, const DeviceInfo& device) {
  AdapterPlan plan;
  if (config.data.features.empty()) {
    if (std::filesystem::exists(config.adapter.base)) add_base(config, device, plan);
  } else if (std::filesystem::exists(config.data.features)) {
    add_features(config, plan);
  }
  return plan;
}

}  // namespace tandem
