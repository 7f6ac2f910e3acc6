#include "train/weights/load.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace tandem {

namespace {

bool fits(const Shape& file, const Shape& model) {
  return file == model || (file.elements() == 1 && model.elements() == 1);
}

// At most five names, for an error.
std::string some(const std::vector<std::string>& names) {
  const size_t shown = std::min<size_t>(names.size(), 5);
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::vector<std::string> names_of(const Variables& variables, bool trained_alone) {
  std::vector<std::string> names = variables.parameters();
  if (trained_alone) {
    std::erase_if(names, [&](const std::string& name) {
      return variables.variable(name).kind != Variable::Kind::trainable;
    });
  }
  return names;
}

}  // namespace

void load_parameters(Variables& variables, const std::vector<NamedTensor>& tensors,
                     const std::string& source, bool trained_alone) {
  const std::vector<std::string> names = names_of(variables, trained_alone);
  std::map<std::string, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      missing.push_back(name);
      continue;
    }
    const Shape& model = variables.variable(name).type.shape;
    if (!fits(found->second->shape, model)) {
      fail<CheckpointError>("{}: {} is {} but the model's is {}; is it of another model?", source,
                            name, found->second->shape, model);
    }
  }
  if (!missing.empty()) {
    fail<CheckpointError>("{}: has no {}; is it of another model?", source, some(missing));
  }
  std::vector<std::string> unknown;
  for (const auto& [name, tensor] : by_name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    fail<CheckpointError>("{}: the model has no {}; is it of another model?", source,
                          some(unknown));
  }
  for (const std::string& name : names) variables.set(name, by_name.at(name)->values);
}

std::vector<NamedTensor> save_parameters(const Variables& variables, bool trained_alone) {
  std::vector<NamedTensor> tensors;
  for (const std::string& name : names_of(variables, trained_alone)) {
    tensors.push_back({name, variables.variable(name).type.shape, variables.get(name)});
  }
  return tensors;
}

}  // namespace tandem
