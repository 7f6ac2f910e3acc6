// The optimizer that train.optimizer names.
#pragma once

#include "autograd/ops/optimizer.h"
#include "autograd/variables.h"
#include "train/config/run_config.h"

namespace tandem {

// Adds the update of all parameters that the tables name; `hyper` f32 [8] is filled by
// optimizer_numbers().
void add_optimizer(const TrainConfig& train, Tensor arena, const UpdateTables& tables, Tensor norm,
                   Tensor hyper);

// What the optimizer is told for step t, from 1, at a learning rate: clipping among it.
std::vector<float> optimizer_numbers(const TrainConfig& train, double lr, int64_t t);

// What the optimizer keeps of every trainable parameter.
struct OptimizerState {
  std::string prefix;    // of its names in checkpoints: "m/<parameter>"
  std::string variable;  // laid out as the trainable arena
};
std::vector<OptimizerState> optimizer_states(const Variables& variables);

}  // namespace tandem
