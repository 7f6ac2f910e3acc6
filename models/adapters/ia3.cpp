#include "models/adapters/ia3.h"

#include "autograd/ops/movement.h"

#include <algorithm>

namespace tandem {

bool ia3_scales_inputs(const std::string& part) { return part.ends_with(".mlp.c_proj"); }

Tensor ia3_inputs(Parameters& parameters, const std::vector<std::string>& parts, int64_t C) {
  const std::string& part = parts.front();
  if (!ia3_scales_inputs(part) || !parameters.adaptation().ia3.match(part)) return {};
  return parameters.added(part + ".ia3", {C}, Initializer::constant(1));
}

Tensor ia3_outputs(Parameters& parameters, const std::vector<std::string>& parts, int64_t D) {
  const Patterns& targets = parameters.adaptation().ia3;
  const bool any = std::any_of(parts.begin(), parts.end(),
                               [&](const std::string& part) { return targets.match(part); });
  if (!any || ia3_scales_inputs(parts.front())) return {};
  const int64_t rows = D / static_cast<int64_t>(parts.size());
  std::vector<Tensor> factors;
  for (const std::string& part : parts) {
    if (targets.match(part)) {
      factors.push_back(parameters.added(part + ".ia3", {rows}, Initializer::constant(1)));
    } else {
      const std::vector<float> ones(static_cast<size_t>(rows), 1.0f);
      factors.push_back(parameters.graph().constant({rows}, ones));
    }
  }
  return factors.size() == 1 ? factors.front() : concat(factors, 0);
}

}  // namespace tandem
