#include "autograd/memory_report.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tandem {

namespace {

size_t total(const LargeTensor& tensor) {
  return tensor.bytes * static_cast<size_t>(tensor.count);
}

// The node during which the living storages have most bytes.
int fullest_node(const Plan& plan) {
  // Bytes that come to life at a node, and go after it; the arena's inputs come at node -1.
  std::vector<int64_t> change(plan.nodes.size() + 3, 0);
  for (const Storage& storage : plan.storages) {
    for (const StoragePart& part : storage.parts()) {
      change.at(static_cast<size_t>(part.first + 1)) += static_cast<int64_t>(part.bytes);
      change.at(static_cast<size_t>(part.last + 2)) -= static_cast<int64_t>(part.bytes);
    }
  }
  int64_t live = 0;
  int64_t most = -1;
  size_t where = 0;
  for (size_t i = 0; i < change.size(); ++i) {
    live += change[i];
    if (live > most) most = live, where = i;
  }
  return static_cast<int>(where) - 1;
}

// By value: the node that makes it, or null.
std::vector<const Node*> makers(const Plan& plan) {
  std::vector<const Node*> all(plan.values.size(), nullptr);
  for (const Node& node : plan.nodes) {
    for (const int output : node.outputs) all[static_cast<size_t>(output)] = &node;
  }
  return all;
}

std::string label(const Node& node) {
  return node.scope.empty() ? std::string(node.op->name)
                            : fmt::format("{} {}", node.scope, node.op->name);
}

}  // namespace

std::vector<int> used_constants(const Plan& plan) {
  std::vector<bool> used(plan.values.size(), false);
  const auto use = [&](int id) {
    if (id >= 0) used[static_cast<size_t>(plan.roots[static_cast<size_t>(id)])] = true;
  };
  for (const Node& node : plan.nodes) {
    for (const int id : node.inputs) use(id);
  }
  for (const int id : plan.fetches) use(id);
  std::vector<int> constants;
  for (size_t i = 0; i < plan.values.size(); ++i) {
    if (used[i] && plan.values[i].source == Value::Source::constant) {
      constants.push_back(static_cast<int>(i));
    }
  }
  return constants;
}

MemoryReport planned_memory(const Graph& graph, const Plan& plan) {
  MemoryReport report;
  report.trainable = static_cast<size_t>(graph.trainable_elements()) * sizeof(float);
  for (const Variable& variable : graph.variables()) {
    if (variable.kind == Variable::Kind::frozen) report.frozen += variable.type.bytes();
    if (variable.kind == Variable::Kind::state) report.state += variable.type.bytes();
  }
  for (const int id : used_constants(plan)) {
    report.constants += plan.values[static_cast<size_t>(id)].constant.size();
  }
  report.activations = plan.arena_bytes();
  return report;
}

std::vector<LargeTensor> largest_tensors(const Graph& graph, const Plan& plan, size_t count) {
  std::vector<LargeTensor> all;
  for (const Variable& variable : graph.variables()) {
    all.push_back({variable.name, variable.type, variable.type.bytes()});
  }
  const std::vector<const Node*> made_by = makers(plan);
  const int node = fullest_node(plan);
  std::map<std::tuple<const Op*, std::string, size_t>, LargeTensor> kinds;
  for (const Storage& storage : plan.storages) {
    if (storage.first > node || storage.last < node || storage.value < 0) continue;
    const auto id = static_cast<size_t>(storage.value);
    const Value& value = plan.values[id];
    const Node* maker = made_by[id];
    const auto key = std::tuple(maker == nullptr ? nullptr : maker->op,
                                value.name + value.type.str(), storage.bytes);
    const auto [known, fresh] = kinds.try_emplace(
        key, LargeTensor{maker == nullptr ? value.name : label(*maker), value.type, storage.bytes});
    if (!fresh) known->second.count += 1;
  }
  for (auto& [key, kind] : kinds) all.push_back(std::move(kind));
  std::stable_sort(all.begin(), all.end(), [](const LargeTensor& a, const LargeTensor& b) {
    return total(a) > total(b);
  });
  if (all.size() > count) all.resize(count);
  return all;
}

}  // namespace tandem
