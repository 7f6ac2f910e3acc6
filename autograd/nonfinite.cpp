#include "autograd/nonfinite.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tandem {

namespace {

std::vector<int64_t> index_in(const Shape& shape, int64_t element) {
  std::vector<int64_t> index(static_cast<size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<size_t>(axis)] = element % shape[axis];
    element /= shape[axis];
  }
  return index;
}

// Sets where and what; false if all values are finite.
bool first_bad(std::span<const float> values, const Shape& shape, NonFinite& found) {
  const auto bad = std::find_if(values.begin(), values.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return false;
  found.index = index_in(shape, bad - values.begin());
  found.value = *bad;
  return true;
}

class Search {
 public:
  Search(Graph& graph, Variables& variables, const Feeds& feeds, const CompileOptions& options)
      : graph_(graph), variables_(variables), feeds_(feeds), options_(options) {
    options_.update = false;
  }

  std::optional<NonFinite> in_inputs() const {
    for (const Value& value : graph_.values()) {
      const auto feed = feeds_.find(value.name);
      if (value.source != Value::Source::input || value.type.dtype != DType::f32) continue;
      if (feed == feeds_.end()) continue;
      std::vector<float> numbers(feed->second.size() / sizeof(float));
      std::memcpy(numbers.data(), feed->second.data(), numbers.size() * sizeof(float));
      NonFinite found{.source = NonFinite::Source::input, .name = value.name};
      if (first_bad(numbers, value.type.shape, found)) return found;
    }
    return std::nullopt;
  }

  std::optional<NonFinite> in_variables() const {
    for (const Variable& variable : graph_.variables()) {
      if (variable.type.dtype != DType::f32) continue;
      NonFinite found{.source = NonFinite::Source::variable, .name = variable.name};
      if (first_bad(variables_.get(variable.name), variable.type.shape, found)) return found;
    }
    return std::nullopt;
  }

  std::optional<NonFinite> in_nodes(const std::map<std::string, Tensor>& named,
                                    size_t window_bytes) {
    name_values(named);
    size_t bytes = 0;
    for (const Node& node : needed_nodes(named)) {
      // A pack has gaps of any content between the parts, and a view has nothing of its own.
      if (node.op->view || node.op->packs || !node.op->mutates.empty()) continue;
      for (const int id : node.outputs) {
        if (graph_.type(id).dtype != DType::f32) continue;
        window_.push_back({node, Tensor(&graph_, id)});
        bytes += graph_.type(id).bytes();
      }
      if (bytes < window_bytes) continue;
      if (const auto found = in_window()) return found;
      bytes = 0;
    }
    return in_window();
  }

 private:
  struct Output {
    Node node;
    Tensor value;
  };

  // What the graph's updates and named values need; other nodes never ran.
  std::vector<Node> needed_nodes(const std::map<std::string, Tensor>& named) const {
    std::vector<Tensor> wanted;
    for (const auto& [name, tensor] : named) wanted.push_back(tensor);
    std::vector<Node> nodes = make_plan(graph_, wanted, false).nodes;
    std::erase_if(nodes, [this](const Node& node) { return !of_graph(node.outputs); });
    for (Node& node : nodes) {
      if (!of_graph(node.inputs)) node = maker_of(node.outputs[0]);
    }
    return nodes;
  }

  // Whether none of the values was added by a plan, which makes some again for the backward pass.
  bool of_graph(const std::vector<int>& ids) const {
    return std::all_of(ids.begin(), ids.end(),
                       [this](int id) { return id < std::ssize(graph_.values()); });
  }

  const Node& maker_of(int id) const {
    const int node = graph_.values()[static_cast<size_t>(id)].node;
    return graph_.nodes()[static_cast<size_t>(node)];
  }

  // A name is also that of what a named view shows.
  void name_values(const std::map<std::string, Tensor>& named) {
    for (const auto& [name, tensor] : named) names_[tensor.id()] = name;
    for (size_t i = graph_.nodes().size(); i-- > 0;) {
      const Node& node = graph_.nodes()[i];
      if (!node.op->view || !names_.contains(node.outputs[0])) continue;
      names_.emplace(node.inputs[0], names_.at(node.outputs[0]));
    }
  }

  std::optional<NonFinite> in_window() {
    const std::vector<Output> outputs = std::exchange(window_, {});
    if (outputs.empty()) return std::nullopt;
    std::vector<Tensor> fetches;
    for (const Output& output : outputs) fetches.push_back(output.value);
    Program program(graph_, variables_, fetches, options_);
    const uint64_t ticket = program.run(feeds_);
    for (size_t i = 0; i < outputs.size(); ++i) {
      NonFinite found = describe(outputs[i]);
      if (first_bad(program.fetch(ticket, i), fetches[i].shape(), found)) return found;
    }
    return std::nullopt;
  }

  NonFinite describe(const Output& output) const {
    NonFinite found{.name = std::string(output.node.op->name), .scope = output.node.scope};
    for (const int id : output.node.inputs) {
      if (id < 0) continue;
      const Value& value = graph_.values()[static_cast<size_t>(id)];
      if (value.source == Value::Source::variable) found.variables.push_back(value.name);
    }
    const auto name = names_.find(output.value.id());
    if (name != names_.end()) found.makes = name->second;
    return found;
  }

  Graph& graph_;
  Variables& variables_;
  const Feeds& feeds_;
  CompileOptions options_;
  std::map<int, std::string> names_;  // of values
  std::vector<Output> window_;        // to be looked at
};

}  // namespace

std::string name_of_nonfinite(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

std::string NonFinite::str() const {
  const std::string where =
      fmt::format("{} at [{}]", name_of_nonfinite(value), fmt::join(index, ", "));
  if (source == Source::input) return fmt::format("the input '{}' holds {}", name, where);
  if (source == Source::variable) return fmt::format("'{}' holds {}", name, where);
  std::string text = name;
  if (!scope.empty()) text += " in " + scope;
  if (!makes.empty()) text += " for " + makes;
  if (!variables.empty()) text += fmt::format(" (with {})", fmt::join(variables, ", "));
  return text + " was the first to give a value that is not finite (" + where + ")";
}

std::optional<NonFinite> find_nonfinite(Graph& graph, Variables& variables, const Feeds& feeds,
                                        const std::map<std::string, Tensor>& named,
                                        const CompileOptions& options, size_t window_bytes) {
  Search search(graph, variables, feeds, options);
  if (auto found = search.in_inputs()) return found;
  if (auto found = search.in_variables()) return found;
  return search.in_nodes(named, window_bytes);
}

}  // namespace tandem
