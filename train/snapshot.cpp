#include "train/snapshot.h"

#include "core/error.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/weights/load.h"

namespace tandem {

namespace {

const char* const moments[] = {"adamw.m", "adamw.v"};

int64_t state_of(const Checkpoint& checkpoint, const char* name, const std::string& source) {
  const auto found = checkpoint.state.find(name);
  if (found == checkpoint.state.end()) fail<CheckpointError>("{}: has no '{}'.", source, name);
  return found->second;
}

}  // namespace

Checkpoint take_snapshot(const Variables& variables, const RunConfig& config,
                         const std::string& tokenizer, const RunPosition& position) {
  Checkpoint checkpoint;
  checkpoint.model = save_parameters(variables);
  for (const char* moment : moments) {
    for (const std::string& name : variables.parameters()) {
      if (variables.variable(name).kind != Variable::Kind::trainable) continue;
      const Shape& shape = variables.variable(name).type.shape;
      // "adamw.m" becomes m/<parameter>.
      checkpoint.optimizer.push_back({fmt::format("{}/{}", moment + 6, name), shape,
                                      variables.get_slice(moment, name)});
    }
  }
  checkpoint.state = {{"step", position.step},
                      {"samples", position.samples},
                      {"epoch", position.epoch},
                      {"batch", position.batch},
                      {"seed", static_cast<int64_t>(config.seed)}};
  const DeviceInfo& device = variables.device().info();
  checkpoint.attributes = {{"config", to_yaml(config)},
                           {"tokenizer", tokenizer},
                           {"activation", config.model.quick_gelu ? "quick_gelu" : "gelu"},
                           {"device", device.name},
                           {"driver", device.driver}};
  return checkpoint;
}

RunPosition restore_snapshot(const Checkpoint& checkpoint, Variables& variables,
                             const std::string& source) {
  load_parameters(variables, checkpoint.model, source);
  for (const NamedTensor& tensor : checkpoint.optimizer) {
    const size_t slash = tensor.name.find('/');
    const std::string moment = "adamw." + tensor.name.substr(0, slash);
    const std::string parameter =
        slash == std::string::npos ? std::string() : tensor.name.substr(slash + 1);
    if (!variables.contains(moment) || !variables.contains(parameter)) {
      fail<CheckpointError>("{}: optimizer state '{}' fits no parameter.", source, tensor.name);
    }
    variables.set_slice(moment, parameter, tensor.values);
  }
  return {.step = state_of(checkpoint, "step", source),
          .samples = state_of(checkpoint, "samples", source),
          .epoch = state_of(checkpoint, "epoch", source),
          .batch = state_of(checkpoint, "batch", source)};
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
    fail<CheckpointError>("{}: holds no tokenizer; was it written by tandem train?", source);
  }
  return Tokenizer::parse(found->second);
}

}  // namespace tandem
