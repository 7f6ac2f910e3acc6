#include "models/parameters.h"

namespace tandem {

Tensor Parameters::base(const std::string& name, const Shape& shape, Initializer initializer) {
  base_names_.push_back(name);
  const bool frozen = adaptation_.frozen.match(name) && !adaptation_.trained.match(name);
  return graph_.variable(name, {DType::f32, shape},
                         frozen ? Variable::Kind::frozen : Variable::Kind::trainable, initializer);
}

Tensor Parameters::added(const std::string& name, const Shape& shape, Initializer initializer) {
  return graph_.variable(name, {DType::f32, shape}, Variable::Kind::trainable, initializer);
}

Initializer default_uniform(int64_t inputs) {
  return Initializer::uniform(1 / std::sqrt(static_cast<double>(inputs)));
}

}  // namespace tandem
