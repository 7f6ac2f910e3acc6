// Reverse-mode differentiation as a transform of the graph (Griewank & Walther 2008, chapter 3).
#include "autograd/graph.h"
#include "autograd/ops/binary.h"

#include <algorithm>

namespace tandem {

namespace {

// Marks each value that depends on one of `by`.
std::vector<bool> influenced(const Graph& graph, const std::vector<Tensor>& by) {
  std::vector<bool> marks(graph.values().size(), false);
  for (const Tensor& tensor : by) marks[static_cast<size_t>(tensor.id())] = true;
  for (const Node& node : graph.nodes()) {
    bool any = false;
    for (const int input : node.inputs) any |= input >= 0 && marks[static_cast<size_t>(input)];
    if (!any) continue;
    for (const int output : node.outputs) marks[static_cast<size_t>(output)] = true;
  }
  return marks;
}

// By forward node: which of `by` it is the first to read. The last place is for those that no node
// reads.
std::vector<std::vector<size_t>> first_readers(const Graph& graph, const std::vector<Tensor>& by) {
  const std::vector<Node>& nodes = graph.nodes();
  std::vector<std::vector<size_t>> all(nodes.size() + 1);
  for (size_t k = 0; k < by.size(); ++k) {
    const auto reads = [&](const Node& node) {
      return !node.backward &&
             std::find(node.inputs.begin(), node.inputs.end(), by[k].id()) != node.inputs.end();
    };
    const auto reader = std::find_if(nodes.begin(), nodes.end(), reads);
    all[static_cast<size_t>(reader - nodes.begin())].push_back(k);
  }
  return all;
}

// Walks the nodes back, handing each op the gradients of its outputs.
class Backward {
 public:
  Backward(Graph& graph, std::vector<bool> wanted)
      : graph_(graph), wanted_(std::move(wanted)), gradients_(wanted_.size()) {}

  void add(int value, Tensor gradient) {
    Tensor& sum = gradients_[static_cast<size_t>(value)];
    sum = sum ? tandem::add(sum, gradient) : gradient;
  }

  void through(size_t index) {
    const Node node = graph_.nodes()[index];  // a copy: the rule adds nodes
    const auto tensors = [&](const std::vector<int>& ids) {
      std::vector<Tensor> result;
      for (const int id : ids) result.push_back(id < 0 ? Tensor() : Tensor(&graph_, id));
      return result;
    };
    const std::vector<Tensor> inputs = tensors(node.inputs);
    const std::vector<Tensor> outputs = tensors(node.outputs);
    std::vector<Tensor> output_gradients;
    bool any = false;
    for (const int id : node.outputs) {
      output_gradients.push_back(gradients_[static_cast<size_t>(id)]);
      any |= static_cast<bool>(output_gradients.back());
    }
    GradientContext context{&node.attributes, inputs, outputs, output_gradients, {}};
    bool needed = false;
    for (const int id : node.inputs) {
      context.needed.push_back(id >= 0 && wanted_[static_cast<size_t>(id)]);
      needed |= context.needed.back();
    }
    if (!any || !needed) return;
    if (node.op->gradient == nullptr) fail<ShapeError>("{}: has no gradient.", node.op->name);
    const Scope scope(graph_, node.scope);
    const FullPrecision precision(graph_, node.full_precision);
    const std::vector<Tensor> results = node.op->gradient(context);
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i] && context.needed[i]) add(node.inputs[i], results[i]);
    }
  }

  Tensor gradient(int value) const { return gradients_[static_cast<size_t>(value)]; }

 private:
  Graph& graph_;
  std::vector<bool> wanted_;
  std::vector<Tensor> gradients_;
};

}  // namespace

std::vector<Tensor> gradients(const std::vector<Tensor>& outputs,
                              const std::vector<Tensor>& output_gradients,
                              const std::vector<Tensor>& by, const GradientReady& ready) {
  Graph& graph = outputs.at(0).graph();
  Backward backward(graph, influenced(graph, by));
  const std::vector<std::vector<size_t>> readers = first_readers(graph, by);
  const auto tell = [&](const std::vector<size_t>& complete) {
    for (const size_t k : complete) {
      const Tensor gradient = backward.gradient(by[k].id());
      if (ready && gradient) ready(k, gradient);
    }
  };
  const bool outer = graph.backward;
  graph.backward = true;
  for (size_t i = 0; i < outputs.size(); ++i) backward.add(outputs[i].id(), output_gradients[i]);
  tell(readers.back());
  for (size_t i = readers.size() - 1; i-- > 0;) {
    if (!graph.nodes()[i].backward) backward.through(i);
    tell(readers[i]);
  }
  graph.backward = outer;
  std::vector<Tensor> results;
  for (const Tensor& tensor : by) results.push_back(backward.gradient(tensor.id()));
  return results;
}

std::vector<Tensor> gradients(Tensor loss, const std::vector<Tensor>& by) {
  if (loss.shape().elements() != 1) {
    fail<ShapeError>("gradients: the loss has shape {}; expected one element.", loss.shape());
  }
  const Tensor one = loss.graph().constant(loss.shape(), std::vector<float>{1.0f});
  return gradients({loss}, {one}, by);
}

}  // namespace tandem
