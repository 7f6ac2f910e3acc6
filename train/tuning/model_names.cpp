#include "models/clip.h"
#include "train/tuning/adaptation.h"

namespace tandem {

ModelNames names_of(const ClipConfig& model) {
  Graph graph;
  Parameters parameters(graph, model.adaptation);
  const Clip clip(parameters, model);
  ModelNames names{.base = parameters.base_names(), .targets = parameters.targets()};
  for (const Variable& variable : graph.variables()) {
    if (variable.kind == Variable::Kind::trainable) names.trained.push_back(variable.name);
  }
  return names;
}

}  // namespace tandem
