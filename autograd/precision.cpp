#include "autograd/precision.h"

#include "autograd/ops/cast.h"
#include "autograd/plan.h"

#include <algorithm>
#include <map>

namespace tandem {

namespace {

bool has(const std::vector<size_t>& list, size_t i) {
  return std::find(list.begin(), list.end(), i) != list.end();
}

class Lowering {
 public:
  Lowering(Plan& plan, const Precision& precision) : plan_(plan), precision_(precision) {}

  void run() {
    find_uses();
    if (precision_.kernels) choose_stored();
    const std::vector<Node> nodes = std::move(plan_.nodes);
    plan_.nodes.clear();
    for (const Node& node : nodes) {
      Node changed = node;
      if (node.op->product && !node.full_precision) {
        for (const size_t i : node.op->low_inputs) lower_input(changed, i, nodes);
      }
      plan_.nodes.push_back(std::move(changed));
    }
  }

 private:
  struct Use {
    int node;
    size_t input;
  };

  Value& value(int id) { return plan_.values[static_cast<size_t>(id)]; }

  void find_uses() {
    uses_.resize(plan_.values.size());
    maker_.assign(plan_.values.size(), -1);
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      const Node& node = plan_.nodes[n];
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (node.inputs[i] < 0) continue;
        uses_[static_cast<size_t>(node.inputs[i])].push_back({static_cast<int>(n), i});
      }
      for (const int output : node.outputs) {
        maker_[static_cast<size_t>(output)] = static_cast<int>(n);
      }
    }
  }

  // Whether all that read a value, under whatever shape, take it in 16 bits.
  bool all_take(int id) const {
    const auto& uses = uses_[static_cast<size_t>(id)];
    if (uses.empty()) return false;
    if (std::count(plan_.fetches.begin(), plan_.fetches.end(), id) > 0) return false;
    return std::all_of(uses.begin(), uses.end(), [&](const Use& use) {
      const Node& reader = plan_.nodes[static_cast<size_t>(use.node)];
      if (reader.op->view) return all_take(reader.outputs[0]);
      return !reader.full_precision && has(reader.op->low_inputs, use.input);
    });
  }

  // Gives the values that are made in 16 bits, and views of them, their type.
  void choose_stored() {
    for (const Node& node : plan_.nodes) {
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        const int id = node.outputs[i];
        if (value(id).type.dtype != DType::f32) continue;
        const bool stored = node.op->view ? value(node.inputs[0]).type.dtype == precision_.dtype
                                          : !node.full_precision && has(node.op->low_outputs, i) &&
                                                all_take(id);
        if (stored) value(id).type.dtype = precision_.dtype;
      }
    }
  }

  void lower_input(Node& reader, size_t input, const std::vector<Node>& nodes) {
    if (input >= reader.inputs.size() || reader.inputs[input] < 0) return;
    if (value(reader.inputs[input]).type.dtype != DType::f32) return;
    const int low = lowered(reader.inputs[input], reader, nodes);
    reader.inputs[input] = precision_.kernels ? low : raised(low, reader);
  }

  // The 16-bit twin of an f32 value, made just before its first reader.
  int lowered(int id, const Node& reader, const std::vector<Node>& nodes) {
    if (const auto found = lowered_.find(id); found != lowered_.end()) return found->second;
    const int maker = maker_[static_cast<size_t>(id)];
    const bool view = maker >= 0 && nodes[static_cast<size_t>(maker)].op->view;
    Node node;
    if (view) {
      node = nodes[static_cast<size_t>(maker)];
      node.inputs[0] = lowered(node.inputs[0], reader, nodes);
      node.outputs = {new_value(id, precision_.dtype)};
    } else {
      node = cast_node(id, new_value(id, precision_.dtype), precision_.dtype);
    }
    return lowered_[id] = append(std::move(node), reader, maker < 0);
  }

  // Back to f32 for a product that takes nothing else; once for each pass.
  int raised(int low, const Node& reader) {
    int& result = raised_.try_emplace({low, reader.backward}, -1).first->second;
    if (result < 0) {
      result = append(cast_node(low, new_value(low, DType::f32), DType::f32), reader, false);
    }
    return result;
  }

  int new_value(int like, DType dtype) {
    plan_.values.push_back({.type = {dtype, value(like).type.shape}});
    return static_cast<int>(plan_.values.size()) - 1;
  }

  // What is made of a parameter belongs to no block: it is not computed again.
  int append(Node node, const Node& reader, bool of_source) {
    node.scope = reader.scope;
    node.block = of_source ? -1 : reader.block;
    node.backward = reader.backward;
    plan_.nodes.push_back(std::move(node));
    return plan_.nodes.back().outputs[0];
  }

  Plan& plan_;
  Precision precision_;
  std::vector<std::vector<Use>> uses_;
  std::vector<int> maker_;  // by value: the node that makes it or -1
  std::map<int, int> lowered_;
  std::map<std::pair<int, bool>, int> raised_;
};

}  // namespace

void lower_precision(Plan& plan, const Precision& precision) {
  if (precision.dtype != DType::f32) Lowering(plan, precision).run();
}

}  // namespace tandem
