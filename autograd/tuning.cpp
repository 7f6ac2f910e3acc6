#include "autograd/tuning.h"

#include "core/kernel_traits.h"

#include <map>

namespace tandem {

namespace {

std::map<std::string_view, TuningRule>& rules() {
  static std::map<std::string_view, TuningRule> all;
  return all;
}

}  // namespace

RegisteredTuning::RegisteredTuning(std::string_view op, TuningRule rule) { rules()[op] = rule; }

Tunable tunable_of(const Plan& plan, const Node& node, const DeviceInfo& device) {
  const auto rule = rules().find(node.op->name);
  if (rule == rules().end()) return {};
  const auto type = [&](int id) { return &plan.values[static_cast<size_t>(id)].type; };
  OpContext context{.attributes = &node.attributes, .inputs = {}, .outputs = {}};
  for (const int id : node.inputs) context.inputs.push_back(id < 0 ? nullptr : type(id));
  for (const int id : node.outputs) context.outputs.push_back(type(id));
  return rule->second(context, device);
}

std::string tuned_variant(const DeviceInfo& device, const std::string& what) {
  const KernelTraits traits = kernel_traits(device);
  const auto found = traits.tuned.find(what);
  return found == traits.tuned.end() ? std::string() : found->second;
}

}  // namespace tandem
