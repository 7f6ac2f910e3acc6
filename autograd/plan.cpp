#include "autograd/plan.h"

#include "autograd/remake.h"
#include "autograd/rewrite_backward.h"

#include <algorithm>
#include <map>
#include <set>

namespace tandem {

namespace {

// Indices of the nodes that make `wanted` or, with `update`, change variables, in order.
std::vector<bool> needed_nodes(const std::vector<Node>& nodes, const std::deque<Value>& values,
                               const std::vector<int>& wanted, bool update) {
  std::vector<bool> need_value(values.size(), false);
  for (const int value : wanted) need_value[static_cast<size_t>(value)] = true;
  std::vector<bool> need(nodes.size(), false);
  for (size_t i = nodes.size(); i-- > 0;) {
    need[i] = update && !nodes[i].op->mutates.empty();
    for (const int output : nodes[i].outputs) {
      if (need_value[static_cast<size_t>(output)]) need[i] = true;
    }
    if (!need[i]) continue;
    for (const int input : nodes[i].inputs) {
      if (input >= 0) need_value[static_cast<size_t>(input)] = true;
    }
  }
  return need;
}

// Rewrites the backward nodes of a plan to use values computed a second time.
class Recompute {
 public:
  explicit Recompute(Plan& plan) : plan_(plan) {}

  void run() {
    find_kept();
    rewrite_backward(plan_, [this](int id, std::vector<Node>& nodes) { return again(id, nodes); });
  }

 private:
  // Values that something outside their block's forward part uses stay as they are.
  void find_kept() {
    block_of_.assign(plan_.values.size(), -1);
    maker_.assign(plan_.values.size(), -1);
    for (size_t i = 0; i < plan_.nodes.size(); ++i) {
      const Node& node = plan_.nodes[i];
      for (const int output : node.outputs) {
        maker_[static_cast<size_t>(output)] = static_cast<int>(i);
        if (!node.backward) block_of_[static_cast<size_t>(output)] = node.block;
      }
    }
    for (const int fetch : plan_.fetches) kept_.insert(fetch);
    for (const Node& node : plan_.nodes) {
      if (node.backward) continue;
      for (const int input : node.inputs) {
        if (input >= 0 && block_of_[static_cast<size_t>(input)] != node.block) kept_.insert(input);
      }
    }
  }

  // The value that stands for `value` in the backward pass; clones its maker if it must.
  int again(int value, std::vector<Node>& nodes) {
    if (value < 0 || static_cast<size_t>(value) >= block_of_.size()) return value;
    if (block_of_[static_cast<size_t>(value)] < 0 || kept_.contains(value)) return value;
    if (const auto found = clones_.find(value); found != clones_.end()) return found->second;
    Node node = plan_.nodes[static_cast<size_t>(maker_[static_cast<size_t>(value)])];
    for (int& input : node.inputs) input = again(input, nodes);
    for (int& output : node.outputs) {
      Value copy = plan_.values[static_cast<size_t>(output)];
      plan_.values.push_back(std::move(copy));
      clones_[output] = static_cast<int>(plan_.values.size()) - 1;
      output = clones_[output];
    }
    node.backward = true;
    nodes.push_back(std::move(node));
    return clones_.at(value);
  }

  Plan& plan_;
  std::vector<int> block_of_;
  std::vector<int> maker_;
  std::set<int> kept_;
  std::map<int, int> clones_;
};

void keep_needed(Plan& plan, bool update) {
  const std::vector<bool> need = needed_nodes(plan.nodes, plan.values, plan.fetches, update);
  std::vector<Node> nodes;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    if (need[i]) nodes.push_back(std::move(plan.nodes[i]));
  }
  plan.nodes = std::move(nodes);
}

}  // namespace

std::vector<StoragePart> Storage::parts() const {
  if (!packed.empty()) return packed;
  return {{.offset = 0, .bytes = bytes, .first = first, .last = last}};
}

size_t Plan::arena_bytes() const {
  size_t sum = 0;
  for (const size_t block : blocks) sum += block;
  return sum;
}

Plan make_plan(const Graph& graph, const std::vector<Tensor>& fetches, bool recompute,
               const Precision& precision, bool update) {
  Plan plan;
  plan.values = graph.values();
  plan.nodes = graph.nodes();
  for (const Tensor& fetch : fetches) plan.fetches.push_back(fetch.id());
  keep_needed(plan, update);
  lower_precision(plan, precision);
  if (recompute) {
    Recompute(plan).run();
    keep_needed(plan, update);
  }
  remake_for_backward(plan);
  return plan;
}

}  // namespace tandem
