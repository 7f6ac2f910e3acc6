#include "autograd/low_products.h"

#include <algorithm>

namespace tandem {

namespace {

bool is_low(const Plan& plan, int id) {
  const DType type = plan.values[static_cast<size_t>(id)].type.dtype;
  return type == DType::bf16 || type == DType::f16;
}

// By value: what it was cast from, if that has 16 bits; else -1.
std::vector<int> raised_from(const Plan& plan) {
  std::vector<int> from(plan.values.size(), -1);
  for (const Node& node : plan.nodes) {
    if (node.op->name != "cast" || !is_low(plan, node.inputs[0])) continue;
    from[static_cast<size_t>(node.outputs[0])] = node.inputs[0];
  }
  return from;
}

void drop_unread_casts(Plan& plan) {
  std::vector<bool> read(plan.values.size(), false);
  for (const Node& node : plan.nodes) {
    for (const int id : node.inputs) {
      if (id >= 0) read[static_cast<size_t>(id)] = true;
    }
  }
  for (const int id : plan.fetches) read[static_cast<size_t>(id)] = true;
  std::erase_if(plan.nodes, [&](const Node& node) {
    return node.op->name == "cast" && !read[static_cast<size_t>(node.outputs[0])];
  });
}

}  // namespace

bool has_low_products(const DeviceInfo& device) {
  return device.backend == "vulkan" && !device.software();
}

void use_low_products(Plan& plan) {
  const std::vector<int> from = raised_from(plan);
  for (Node& node : plan.nodes) {
    const std::vector<size_t>& takes = node.op->low_inputs;
    const auto low = [&](size_t input) { return from[static_cast<size_t>(node.inputs[input])]; };
    // A product's factors are of one type.
    if (!node.op->product || takes.empty()) continue;
    if (std::any_of(takes.begin(), takes.end(), [&](size_t i) { return low(i) < 0; })) continue;
    for (const size_t input : takes) node.inputs[input] = low(input);
  }
  drop_unread_casts(plan);
}

}  // namespace tandem
