#include "train/adapters/feature_update.h"

#include "train/optimizer.h"

#include <cmath>

namespace tandem {

Tensor add_feature_update(Tensor loss, const TrainConfig& train) {
  Graph& graph = loss.graph();
  std::vector<UpdateGroup> groups(3);
  groups[0].weight_decay = train.wd;
  groups[2].lower = 0;
  groups[2].upper = std::log(100.0);
  std::vector<Tensor> parameters;
  std::vector<int> group_of;
  for (const Variable& variable : graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    parameters.push_back(graph.variable(variable.name, variable.type, variable.kind));
    const bool scale = variable.name == "logit_scale";
    group_of.push_back(scale ? 2 : variable.type.shape.rank() < 2 ? 1 : 0);
  }
  const std::vector<Tensor> by = gradients(loss, parameters);
  const Tensor arena = gradient_arena(parameters, by);
  const UpdateTables tables = update_tables(parameters, by, groups, group_of);
  const Tensor norm = gradient_norm(arena, tables.blocks, loss);
  add_optimizer(train, arena, tables, norm, graph.input("hyper", {DType::f32, {8}}));
  return norm;
}

}  // namespace tandem
