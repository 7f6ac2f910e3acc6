#include "train/snapshot.h"

#include "core/error.h"
#include "core/kernel_traits.h"
#include "core/version.h"
#include "core/vulkan/tuning_file.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/optimizer.h"
#include "train/weights/load.h"

#include <nlohmann/json.hpp>

#include <map>

namespace tandem {

namespace {

// A parameter's part of one of the optimizer's states.
struct StatePart {
  std::string name;  // in checkpoints
  std::string state, parameter;
};

std::vector<StatePart> state_parts(const Variables& variables) {
  std::vector<StatePart> parts;
  for (const auto& [prefix, variable] : optimizer_states(variables)) {
    for (const std::string& name : variables.parameters()) {
      if (variables.variable(name).kind != Variable::Kind::trainable) continue;
      parts.push_back({prefix + name, variable, name});
    }
  }
  return parts;
}

// The loss scale's state variables, where there is one, as checkpoints have them.
std::vector<std::pair<std::string, std::string>> scale_names(const Variables& variables) {
  if (!variables.contains("loss_scale")) return {};
  return {{"loss_scale/scale", "loss_scale"},
          {"loss_scale/growth_tracker", "loss_scale.growth_tracker"}};
}

int64_t state_of(const Checkpoint& checkpoint, const char* name, const std::string& source) {
  const auto found = checkpoint.state.find(name);
  if (found == checkpoint.state.end()) fail<CheckpointError>("{}: has no '{}'.", source, name);
  return found->second;
}

// Rows as a JSON list; none where the attribute is not there.
std::set<int64_t> bad_samples_of(const Checkpoint& checkpoint, const std::string& source) {
  const auto found = checkpoint.attributes.find("bad_samples");
  if (found == checkpoint.attributes.end()) return {};
  try {
    return nlohmann::json::parse(found->second).get<std::set<int64_t>>();
  } catch (const nlohmann::json::exception&) {
    fail<CheckpointError>("{}: 'bad_samples' is not a list of row numbers.", source);
  }
}

}  // namespace

std::string preprocessing(const RunConfig& config) {
  return nlohmann::json{{"size", config.model.vision_cfg.image_size},
                        {"mean", config.data.mean},
                        {"std", config.data.std},
                        {"alpha", config.data.alpha},
                        {"interpolation", config.data.interpolation},
                        {"resize_mode", config.data.resize_mode}}
      .dump();
}

Checkpoint take_snapshot(const Variables& variables, const RunConfig& config,
                         const std::string& tokenizer, const RunPosition& position) {
  Checkpoint checkpoint;
  checkpoint.model = save_parameters(variables, config.saves_part());
  for (const auto& [name, state, parameter] : state_parts(variables)) {
    checkpoint.optimizer.push_back({name, variables.variable(parameter).type.shape,
                                    variables.get_slice(state, parameter)});
  }
  for (const auto& [name, variable] : scale_names(variables)) {
    checkpoint.optimizer.push_back({name, {1}, variables.get(variable)});
  }
  checkpoint.state = {{"step", position.step},
                      {"samples", position.samples},
                      {"epoch", position.epoch},
                      {"batch", position.batch},
                      {"seed", static_cast<int64_t>(config.seed)}};
  const auto add_count = [&](const char* name, int64_t count) {
    if (count != 0) checkpoint.state[name] = count;
  };
  add_count("skipped", position.skipped);
  add_count("skipped_in_row", position.skipped_in_row);
  add_count("rollbacks", position.rollbacks);
  add_count("back", position.back);
  add_count("back_before", position.before);
  add_count("back_tried", position.tried + 1);
  add_count("rows", position.rows);
  const DeviceInfo& device = variables.device().info();
  checkpoint.attributes = {{"tandem_version", version},
                           {"git_revision", git_revision},
                           {"config", to_yaml(config)},
                           {"tokenizer", tokenizer},
                           {"preprocessing", preprocessing(config)},
                           {"activation", activation_of(config.model)},
                           {"device", device.name},
                           {"driver", device.driver}};
  const TunedKernels tuned = kernel_traits(device).tuned;
  if (!tuned.empty()) checkpoint.attributes["kernels"] = tuned_lines(tuned);
  if (config.saves_part()) {
    checkpoint.attributes["adapter"] =
        config.adapter.in_model() ? config.adapter.kind : "text_tower";
  }
  if (!position.bad_samples.empty()) {
    checkpoint.attributes["bad_samples"] = nlohmann::json(position.bad_samples).dump();
  }
  return checkpoint;
}

int64_t count_of(const Checkpoint& checkpoint, const char* name) {
  const auto found = checkpoint.state.find(name);
  return found == checkpoint.state.end() ? 0 : found->second;
}

bool is_adapter(const Checkpoint& checkpoint) {
  return checkpoint.attributes.contains("adapter");
}

RunPosition restore_snapshot(const Checkpoint& checkpoint, Variables& variables,
                             const std::string& source) {
  std::map<std::string, const NamedTensor*> saved;
  for (const NamedTensor& tensor : checkpoint.optimizer) saved[tensor.name] = &tensor;
  // Where the precision has changed, a loss scale starts anew or is not needed.
  std::map<std::string, const NamedTensor*> scale;
  for (const char* name : {"loss_scale/scale", "loss_scale/growth_tracker"}) {
    if (auto entry = saved.extract(name)) scale.insert(std::move(entry));
  }
  const std::vector<StatePart> parts = state_parts(variables);
  for (const StatePart& part : parts) {
    if (!saved.contains(part.name)) {
      fail<CheckpointError>("{}: has no optimizer state '{}'; it can be evaluated, not resumed.",
                            source, part.name);
    }
  }
  if (saved.size() != parts.size()) {
    fail<CheckpointError>("{}: has optimizer state of {} tensors; the model's is of {}.", source,
                          saved.size(), parts.size());
  }
  load_parameters(variables, checkpoint.model, source, is_adapter(checkpoint));
  for (const auto& [name, state, parameter] : parts) {
    variables.set_slice(state, parameter, saved.at(name)->values);
  }
  for (const auto& [name, variable] : scale_names(variables)) {
    if (scale.contains(name)) variables.set(variable, scale.at(name)->values);
  }
  return {.step = state_of(checkpoint, "step", source),
          .samples = state_of(checkpoint, "samples", source),
          .epoch = state_of(checkpoint, "epoch", source),
          .batch = state_of(checkpoint, "batch", source),
          .skipped = count_of(checkpoint, "skipped"),
          .skipped_in_row = count_of(checkpoint, "skipped_in_row"),
          .rollbacks = count_of(checkpoint, "rollbacks"),
          .back = count_of(checkpoint, "back"),
          .before = count_of(checkpoint, "back_before"),
          .tried = count_of(checkpoint, "back_tried") - 1,
          .rows = count_of(checkpoint, "rows"),
          .bad_samples = bad_samples_of(checkpoint, source)};
}

RunConfig config_of(const Checkpoint& checkpoint, const std::string& source) {
  const auto found = checkpoint.attributes.find("config");
  if (found == checkpoint.attributes.end()) {
    fail<CheckpointError>("{}: holds no config; was it written by tandem train?", source);
  }
  return parse_run_config(found->second, source + " (config)");
}

std::unique_ptr<Tokenizer> tokenizer_of(const Checkpoint& checkpoint, const std::string& source) {
  const auto found = checkpoint.attributes.find("tokenizer");
  if (found == checkpoint.attributes.end()) {
    fail<CheckpointError>(
        "{}: holds no tokenizer; `tandem convert {} OUT.h5 --tokenizer FILE` puts one in.", source,
        source);
  }
  return Tokenizer::parse(found->second);
}

}  // namespace tandem
