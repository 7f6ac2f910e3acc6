#include "train/optimizer.h"

namespace tandem {

void add_optimizer(const TrainConfig& train, Tensor arena, const UpdateTables& tables, Tensor norm,
                   Tensor hyper) {
  const auto update = train.optimizer == "sgd" ? sgd : adamw;
  update(arena, tables.blocks, tables.groups, norm, hyper);
}

std::vector<float> optimizer_numbers(const TrainConfig& train, double lr, int64_t t) {
  const auto numbers =
      train.optimizer == "sgd"
          ? sgd_hyper(lr, train.momentum, train.grad_clip_norm)
          : adamw_hyper(lr, train.beta1, train.beta2, train.eps, t, train.grad_clip_norm);
  return {numbers.begin(), numbers.end()};
}

std::vector<OptimizerState> optimizer_states(const Variables& variables) {
  if (variables.contains("sgd.momentum")) return {{"momentum/", "sgd.momentum"}};
  return {{"m/", "adamw.m"}, {"v/", "adamw.v"}};
}

}  // namespace tandem
