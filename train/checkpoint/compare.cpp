#include "train/checkpoint/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

namespace tandem {
namespace {

TensorDifference compared(const std::string& name, const NamedTensor& a, const NamedTensor& b) {
  if (a.shape != b.shape) return {name, fmt::format("{} and {}", a.shape, b.shape), false, 0};
  const size_t bytes = a.values.size() * sizeof(float);
  if (std::memcmp(a.values.data(), b.values.data(), bytes) == 0) return {name, "", true, 0};
  double largest = 0;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (a.values[i] == b.values[i]) continue;  // equal infinities have no difference
    if (std::memcmp(&a.values[i], &b.values[i], sizeof(float)) == 0) continue;  // the same NaN
    const double difference = std::abs(double{a.values[i]} - double{b.values[i]});
    if (!(difference <= largest)) largest = difference;
    if (std::isnan(largest)) break;
  }
  return {name, "", false, largest};
}

void compare_tensors(const std::string& group, const std::vector<NamedTensor>& first,
                     const std::vector<NamedTensor>& second,
                     std::vector<TensorDifference>& differences) {
  std::map<std::string, const NamedTensor*> others;
  for (const NamedTensor& tensor : second) others.emplace(tensor.name, &tensor);
  for (const NamedTensor& tensor : first) {
    const auto other = others.find(tensor.name);
    if (other == others.end()) {
      differences.push_back({group + tensor.name, "only in the first", false, 0});
      continue;
    }
    differences.push_back(compared(group + tensor.name, tensor, *other->second));
    others.erase(other);
  }
  for (const auto& [name, tensor] : others) {
    differences.push_back({group + name, "only in the second", false, 0});
  }
}

// Calls `differ` with every name whose values are not the same, with both (null if it has none).
template <class Value, class Differ>
void compare_maps(const std::map<std::string, Value>& first,
                  const std::map<std::string, Value>& second, Differ differ) {
  std::set<std::string> names;
  for (const auto& [name, value] : first) names.insert(name);
  for (const auto& [name, value] : second) names.insert(name);
  for (const std::string& name : names) {
    const auto a = first.find(name);
    const auto b = second.find(name);
    const Value* one = a == first.end() ? nullptr : &a->second;
    const Value* other = b == second.end() ? nullptr : &b->second;
    if (one == nullptr || other == nullptr || *one != *other) differ(name, one, other);
  }
}

}  // namespace

double root_mean_square(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * double{value};
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

size_t CheckpointDifference::different_tensors() const {
  return static_cast<size_t>(std::count_if(tensors.begin(), tensors.end(),
                                           [](const auto& one) { return !one.bit_equal; }));
}

CheckpointDifference compare(const Checkpoint& first, const Checkpoint& second) {
  CheckpointDifference difference;
  compare_tensors("model/", first.model, second.model, difference.tensors);
  compare_tensors("optimizer/", first.optimizer, second.optimizer, difference.tensors);
  const auto text = [](const int64_t* value) { return value ? fmt::to_string(*value) : "nothing"; };
  compare_maps(
      first.state, second.state,
      [&](const std::string& name, const int64_t* one, const int64_t* other) {
        difference.state.push_back(fmt::format("{}: {} and {}", name, text(one), text(other)));
      });
  compare_maps(first.attributes, second.attributes,
               [&](const std::string& name, const std::string*, const std::string*) {
                 difference.attributes.push_back(name);
               });
  return difference;
}

}  // namespace tandem
