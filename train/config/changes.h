// What is different between the config that a run was begun with and the one it goes on with.
#pragma once

#include "train/config/run_config.h"

#include <string>
#include <vector>

namespace tandem {

struct ConfigChange {
  std::string key;     // in full: "train.lr"
  std::string before;  // as YAML; empty where the key was not there (an item of a list)
  std::string after;
  bool harmless = false;  // leaves what is trained as it is
};

// Takes over what a run fills in by itself, where the config leaves it open: the base's hash, and
// the numbers of classes and of contexts that start from words.
void take_filled_in(RunConfig& config, const RunConfig& before);

// In the order of the keys' table. Harmless are the device, the loader's threads, the run's name,
// and all that says what is logged, saved and evaluated.
std::vector<ConfigChange> config_changes(const RunConfig& before, const RunConfig& after);

}  // namespace tandem
