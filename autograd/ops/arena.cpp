// Arenas of gradients and the tables that go with them; see autograd/ops/optimizer.h.
#include "autograd/ops/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tandem {

namespace {

// The trainable variable behind a parameter's tensor.
const Variable& variable_of(std::string_view who, Tensor parameter) {
  const Graph& graph = parameter.graph();
  const std::string& name = graph.values().at(static_cast<size_t>(parameter.id())).name;
  for (const Variable& variable : graph.variables()) {
    if (variable.name == name && variable.kind == Variable::Kind::trainable) return variable;
  }
  fail<ShapeError>("{}: '{}' {} is not a trainable variable.", who, name, parameter.type().str());
}

void require_pairs(std::string_view who, const std::vector<Tensor>& parameters,
                   const std::vector<Tensor>& gradients) {
  if (parameters.size() != gradients.size() || parameters.empty()) {
    fail<ShapeError>("{}: {} gradients are given for {} parameters; expected one for each.", who,
                     gradients.size(), parameters.size());
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (gradients[i] && gradients[i].shape() != parameters[i].shape()) {
      fail<ShapeError>("{}: the gradient {} of '{}' is {} but the parameter is {}.", who, i,
                       variable_of(who, parameters[i]).name, gradients[i].shape(),
                       parameters[i].shape());
    }
  }
}

}  // namespace

Tensor gradient_arena(const std::vector<Tensor>& parameters, const std::vector<Tensor>& gradients) {
  require_pairs("gradient_arena", parameters, gradients);
  struct Part {
    int64_t offset;
    Tensor gradient;
  };
  std::vector<Part> parts;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!gradients[i]) continue;
    parts.push_back({variable_of("gradient_arena", parameters[i]).offset, gradients[i]});
  }
  if (parts.empty()) throw ShapeError("gradient_arena: no parameter has a gradient.");
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return a.offset < b.offset; });
  std::vector<Tensor> tensors;
  std::vector<int64_t> offsets;
  for (const Part& part : parts) {
    tensors.push_back(part.gradient);
    offsets.push_back(part.offset);
  }
  return pack(tensors, offsets, parameters[0].graph().trainable_elements());
}

UpdateTables update_tables(const std::vector<Tensor>& parameters,
                           const std::vector<Tensor>& gradients,
                           const std::vector<UpdateGroup>& groups,
                           const std::vector<int>& group_of) {
  require_pairs("update_tables", parameters, gradients);
  if (group_of.size() != parameters.size() || groups.empty()) {
    fail<ShapeError>("update_tables: {} groups are named for {} parameters, out of {}.",
                     group_of.size(), parameters.size(), groups.size());
  }
  Graph& graph = parameters[0].graph();
  const int64_t count = graph.trainable_elements() / Variable::alignment;
  std::vector<int32_t> blocks(static_cast<size_t>(2 * count), 0);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (group_of[i] < 0 || static_cast<size_t>(group_of[i]) >= groups.size()) {
      fail<ShapeError>("update_tables: parameter {} is of group {} but there are {}.", i,
                       group_of[i], groups.size());
    }
    const int64_t elements = gradients[i] ? parameters[i].shape().elements() : 0;
    auto at = static_cast<size_t>(variable_of("update_tables", parameters[i]).offset /
                                  Variable::alignment);
    for (int64_t first = 0; first < elements; first += Variable::alignment, ++at) {
      blocks[2 * at] = group_of[i];
      blocks[2 * at + 1] = static_cast<int32_t>(std::min(Variable::alignment, elements - first));
    }
  }
  std::vector<float> values;
  for (const UpdateGroup& group : groups) {
    for (const double value : {group.lr_factor, group.weight_decay, group.lower, group.upper}) {
      values.push_back(static_cast<float>(value));
    }
  }
  return {graph.constant({count, 2}, blocks),
          graph.constant({static_cast<int64_t>(groups.size()), 4}, values)};
}

std::array<float, 8> adamw_hyper(double lr, double beta1, double beta2, double epsilon,
                                 int64_t step, double max_norm, double gradient_factor) {
  const auto correction = [step](double beta) {
    return static_cast<float>(
        1.0 - std::pow(static_cast<double>(static_cast<float>(beta)), static_cast<double>(step)));
  };
  return {static_cast<float>(lr),
          static_cast<float>(beta1),
          static_cast<float>(beta2),
          static_cast<float>(epsilon),
          correction(beta1),
          correction(beta2),
          static_cast<float>(max_norm),
          static_cast<float>(gradient_factor)};
}

std::array<float, 8> sgd_hyper(double lr, double momentum, double max_norm,
                               double gradient_factor) {
  return {static_cast<float>(lr),
          static_cast<float>(momentum),
          0,
          0,
          0,
          0,
          static_cast<float>(max_norm),
          static_cast<float>(gradient_factor)};
}

}  // namespace tandem
