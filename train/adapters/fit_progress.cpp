#include "train/adapters/fit_progress.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/config/changes.h"
#include "train/config/reference.h"
#include "train/snapshot.h"

#include <nlohmann/json.hpp>

namespace tandem {
namespace {

using Json = nlohmann::json;

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::optional<double> optional_from(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

Json to_json(const FitEpoch& epoch) {
  return {{"epoch", epoch.epoch},
          {"step", epoch.step},
          {"loss", epoch.loss},
          {"lr", epoch.lr},
          {"gradient_norm", epoch.gradient_norm},
          {"validation", optional_json(epoch.validation)},
          {"validation_loss", optional_json(epoch.validation_loss)}};
}

FitEpoch epoch_from(const Json& json) {
  return {.epoch = json.at("epoch"),
          .step = json.at("step"),
          .loss = json.at("loss"),
          .lr = json.at("lr"),
          .gradient_norm = json.at("gradient_norm"),
          .validation = optional_from(json.at("validation")),
          .validation_loss = optional_from(json.at("validation_loss"))};
}

std::vector<NamedTensor> tensors_of(const VariableValues& values) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, value] : values) {
    tensors.push_back({name, {static_cast<int64_t>(value.size())}, value});
  }
  return tensors;
}

VariableValues values_of(const std::vector<NamedTensor>& tensors) {
  VariableValues values;
  for (const NamedTensor& tensor : tensors) values[tensor.name] = tensor.values;
  return values;
}

}  // namespace

void write_progress(const std::string& path, const FitState& state, const RunConfig& config) {
  Checkpoint checkpoint;
  checkpoint.model = tensors_of(state.kept);
  checkpoint.optimizer = tensors_of(state.now);
  checkpoint.state = {{"epoch", state.last.epoch}, {"step", state.last.step}};
  checkpoint.attributes = {
      {"config", to_yaml(config)},
      {"fit", Json{{"last", to_json(state.last)}, {"best", to_json(state.best)}}.dump()}};
  write_checkpoint(path, checkpoint);
}

FitState read_progress(const std::string& path, const RunConfig& config) {
  const Checkpoint checkpoint = read_checkpoint(path);
  for (const ConfigChange& change : config_changes(config_of(checkpoint, path), config)) {
    if (change.harmless) continue;
    fail<ConfigError>("{}: the run was stopped with {} {}, and this one has {}; put it back, or "
                      "name another --run.",
                      path, change.key, change.before, change.after);
  }
  FitState state{.last = {}, .best = {}, .now = values_of(checkpoint.optimizer),
                 .kept = values_of(checkpoint.model)};
  try {
    const Json fit = Json::parse(checkpoint.attributes.at("fit"));
    state.last = epoch_from(fit.at("last"));
    state.best = epoch_from(fit.at("best"));
  } catch (const std::exception& error) {
    fail<CheckpointError>("{}: does not say where the fit stands ({}); delete it to begin anew.",
                          path, error.what());
  }
  return state;
}

}  // namespace tandem
