#include "autograd/remake.h"

#include "autograd/rewrite_backward.h"

#include <algorithm>
#include <map>
#include <optional>

namespace tandem {

namespace {

std::map<std::string_view, RemakeRule>& rules() {
  static std::map<std::string_view, RemakeRule> all;
  return all;
}

class Remaking {
 public:
  explicit Remaking(Plan& plan) : plan_(plan) {}

  void run() {
    find_makers();
    rewrite_backward(plan_, [this](int id, std::vector<Node>& nodes) { return again(id, nodes); });
  }

 private:
  void find_makers() {
    maker_.assign(plan_.values.size(), -1);
    read_backward_.assign(plan_.values.size(), false);
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      const Node& node = plan_.nodes[n];
      for (const int id : node.outputs) maker_[static_cast<size_t>(id)] = static_cast<int>(n);
      if (!node.backward) continue;
      for (const int id : node.inputs) {
        if (id >= 0) read_backward_[static_cast<size_t>(id)] = true;
      }
    }
  }

  // The forward node that makes a value; null if there is none.
  const Node* maker(int id) const {
    if (id < 0 || static_cast<size_t>(id) >= maker_.size()) return nullptr;
    const int node = maker_[static_cast<size_t>(id)];
    if (node < 0 || plan_.nodes[static_cast<size_t>(node)].backward) return nullptr;
    return &plan_.nodes[static_cast<size_t>(node)];
  }

  // Whether a value is in memory for the backward pass anyway.
  bool kept(int id) const {
    if (id < 0 || plan_.values[static_cast<size_t>(id)].source != Value::Source::none) return true;
    return read_backward_[static_cast<size_t>(id)];
  }

  // The value that a backward node reads in place of `id`.
  int again(int id, std::vector<Node>& nodes) {
    if (const auto found = again_.find(id); found != again_.end()) return found->second;
    std::optional<Node> node = node_again(id);
    if (!node) return id;
    for (int& input : node->inputs) input = again(input, nodes);
    return append(std::move(*node), nodes);
  }

  // What makes a value again; none if it has to be kept.
  std::optional<Node> node_again(int id) const {
    const Node* made_by = maker(id);
    if (made_by == nullptr || made_by->outputs[0] != id) return {};
    if (std::count(plan_.fetches.begin(), plan_.fetches.end(), id) > 0) return {};
    Node node = *made_by;
    if (node.op->view) return node_again(node.inputs[0]) ? std::optional(node) : std::nullopt;
    const auto rule = rules().find(node.op->name);
    if (rule == rules().end()) return {};
    OpContext context;
    context.attributes = &made_by->attributes;
    for (const int in : node.inputs) {
      context.inputs.push_back(in < 0 ? nullptr : &plan_.values[static_cast<size_t>(in)].type);
    }
    if (!rule->second(node, context)) return {};
    const bool can = std::all_of(node.inputs.begin(), node.inputs.end(),
                                 [&](int input) { return kept(input) || node_again(input); });
    return can ? std::optional(node) : std::nullopt;
  }

  int append(Node node, std::vector<Node>& nodes) {
    const int first = node.outputs[0];
    for (int& output : node.outputs) {
      plan_.values.push_back({.type = plan_.values[static_cast<size_t>(output)].type});
      output = static_cast<int>(plan_.values.size()) - 1;
    }
    node.backward = true;
    again_[first] = node.outputs[0];
    nodes.push_back(std::move(node));
    return again_[first];
  }

  Plan& plan_;
  std::vector<int> maker_;           // by value: the node that makes it or -1
  std::vector<bool> read_backward_;  // by value
  std::map<int, int> again_;
};

}  // namespace

RegisteredRemake::RegisteredRemake(std::string_view op, RemakeRule rule) { rules()[op] = rule; }

void remake_for_backward(Plan& plan) { Remaking(plan).run(); }

}  // namespace tandem
