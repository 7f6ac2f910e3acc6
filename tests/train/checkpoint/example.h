// A small checkpoint for tests.
#pragma once

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/checkpoint/checkpoint.h"

namespace tandem::test {

inline Checkpoint example_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.model = {{"visual.proj", {2, 3}, {1, -2, 3, 4, 5, 6.5f}},
                      {"logit_scale", {}, {2.5f}},
                      {"a", {1, 1, 1, 1, 1, 2}, {0, -0.0f}}};
  checkpoint.optimizer = {{"m/visual.proj", {2, 3}, {1, 2, 3, 4, 5, 6}},
                          {"v/visual.proj", {2, 3}, {6, 5, 4, 3, 2, 1}},
                          {"loss_scale", {}, {1024}}};
  checkpoint.state = {{"step", 1200}, {"samples", int64_t{1} << 40}, {"seed", -1}};
  checkpoint.attributes = {{"config", "name: \xC3\xBC\n"}, {"tandem_version", "0.1.0"}};
  return checkpoint;
}

// What verify_checkpoint throws; "" if nothing.
inline std::string error_of_verifying(const std::string& path) {
  try {
    verify_checkpoint(path);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "";
}

}  // namespace tandem::test
