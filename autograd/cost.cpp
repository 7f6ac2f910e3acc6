#include "autograd/cost.h"

#include <algorithm>
#include <map>

namespace tandem {

namespace {

std::map<std::string_view, CostRule>& rules() {
  static std::map<std::string_view, CostRule> all;
  return all;
}

const TensorType& type(const Plan& plan, int id) {
  return plan.values[static_cast<size_t>(id)].type;
}

double bytes(const TensorType* type) {
  return type == nullptr ? 0 : static_cast<double>(type->bytes());
}

// Inputs that are copied into the pack, each read and written.
Cost cost_of_pack(const Plan& plan, const Node& node) {
  const auto place = [&](int id) { return plan.places[static_cast<size_t>(id)]; };
  const Place home = place(node.outputs[0]);
  const auto& offsets = node.attributes.integers("offsets");
  const size_t size = size_of(type(plan, node.outputs[0]).dtype);
  Cost cost;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Place part = place(node.inputs[i]);
    const size_t wanted = home.offset + static_cast<size_t>(offsets[i]) * size;
    if (part.storage == home.storage && part.offset == wanted) continue;
    cost.bytes += 2 * bytes(&type(plan, node.inputs[i]));
  }
  return cost;
}

Cost cost_of(const Plan& plan, const Node& node) {
  if (node.op->packs) return cost_of_pack(plan, node);
  OpContext context{.attributes = &node.attributes, .inputs = {}, .outputs = {}};
  for (const int id : node.inputs) {
    context.inputs.push_back(id < 0 ? nullptr : &type(plan, id));
  }
  for (const int id : node.outputs) context.outputs.push_back(&type(plan, id));
  const auto rule = rules().find(node.op->name);
  if (rule != rules().end()) return rule->second(context);
  Cost cost{0, bytes_moved(context)};
  for (const size_t input : node.op->mutates) cost.bytes += bytes(context.inputs.at(input));
  return cost;
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  flops += other.flops;
  bytes += other.bytes;
  return *this;
}

RegisteredCost::RegisteredCost(std::string_view op, CostRule rule) { rules().emplace(op, rule); }

double bytes_moved(const OpContext& context) {
  double sum = 0;
  for (const TensorType* input : context.inputs) sum += bytes(input);
  for (const TensorType* output : context.outputs) sum += bytes(output);
  return sum;
}

std::vector<NodeCost> node_costs(const Plan& plan) {
  std::vector<NodeCost> costs;
  for (const Node& node : plan.nodes) {
    if (!node.op->view) costs.push_back({node.op, node.backward, cost_of(plan, node)});
  }
  return costs;
}

double roofline_seconds(const Cost& cost, double flops_per_second, double bytes_per_second) {
  return std::max(cost.flops / flops_per_second, cost.bytes / bytes_per_second);
}

}  // namespace tandem
