// The static graph: typed values made by ops. Building it computes nothing; compile() in
// autograd/program.h turns it into a program for a device.
#pragma once

#include "autograd/op.h"

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tandem {

class Graph;

// A value of a graph: a handle, cheap to copy, good while its graph lives. Default: null.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Graph* graph, int id) : graph_(graph), id_(id) {}

  explicit operator bool() const { return graph_ != nullptr; }
  Graph& graph() const { return *graph_; }
  int id() const { return id_; }
  const TensorType& type() const;
  const Shape& shape() const { return type().shape; }
  DType dtype() const { return type().dtype; }

 private:
  Graph* graph_ = nullptr;
  int id_ = -1;
};

// How a variable starts.
struct Initializer {
  enum class Kind { constant, normal, uniform } kind = Kind::constant;
  double value = 0;  // the constant, the deviation of a normal around 0, or half a uniform's width

  static Initializer zeros() { return {}; }
  static Initializer constant(double value) { return {Kind::constant, value}; }
  static Initializer normal(double deviation) { return {Kind::normal, deviation}; }
  static Initializer uniform(double bound) { return {Kind::uniform, bound}; }  // in [-b, b)
};

// A tensor that outlives runs. Trainable ones lie in one flat arena in order of declaration, each
// starting at a multiple of `alignment` elements, so that an optimizer runs over all in one go.
struct Variable {
  enum class Kind { trainable, frozen, state };
  static constexpr int64_t alignment = 64;

  std::string name;
  TensorType type;
  Kind kind = Kind::trainable;
  Initializer initializer;
  int64_t offset = 0;  // trainable: elements from the start of the arena
};

struct Node {
  const Op* op = nullptr;
  Attributes attributes;
  std::vector<int> inputs;   // value ids; -1 where an optional input is not given
  std::vector<int> outputs;  // value ids
  std::string scope;         // where it stands in the model, "visual.transformer.resblocks.0"
  int block = -1;            // block of recomputation; -1: none
  bool backward = false;     // made by gradients()
  bool full_precision = false;  // see FullPrecision
};

struct Value {
  TensorType type;
  int node = -1;  // that makes it; -1 for sources: inputs, constants, variables
  enum class Source { none, input, constant, variable, arena } source = Source::none;
  std::string name;                 // of an input or variable
  std::vector<std::byte> constant;  // a constant's bytes
};

class Graph {
 public:
  // A tensor that the host gives at every run. Names are unique.
  Tensor input(const std::string& name, const TensorType& type);

  // A tensor whose bytes never change.
  Tensor constant(const TensorType& type, std::vector<std::byte> bytes);
  Tensor constant(const Shape& shape, const std::vector<float>& values);
  Tensor constant(const Shape& shape, const std::vector<int32_t>& values);

  // The variable of that name; declares it if it is new, else type and kind must match.
  Tensor variable(const std::string& name, const TensorType& type, Variable::Kind kind,
                  Initializer initializer = {});
  Tensor parameter(const std::string& name, const Shape& shape, Initializer initializer) {
    return variable(name, {DType::f32, shape}, Variable::Kind::trainable, initializer);
  }

  // All trainable variables as one tensor [elements, gaps included]; they must all be declared.
  Tensor trainable_arena();
  int64_t trainable_elements() const { return trainable_elements_; }

  // Adds a node. Input Tensors may be null where the op allows. Throws what op.infer throws.
  std::vector<Tensor> apply(const Op& op, const std::vector<Tensor>& inputs,
                            Attributes attributes = {});

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::deque<Value>& values() const { return values_; }
  const std::vector<Variable>& variables() const { return variables_; }
  const TensorType& type(int value) const { return values_.at(static_cast<size_t>(value)).type; }

  // Where nodes made from now on stand; see Scope.
  std::string scope;
  int block = -1;
  int blocks = 0;         // how many blocks there are so far
  bool backward = false;  // set while gradients() adds nodes
  bool full_precision = false;  // see FullPrecision

 private:
  Tensor add_value(Value value);

  std::vector<Node> nodes_;
  std::deque<Value> values_;  // references to types stay good while values are added
  std::vector<Variable> variables_;
  std::unordered_map<std::string, int> by_name_;  // inputs and variables
  int64_t trainable_elements_ = 0;
  int arena_ = -1;
};

// While it lives, nodes of the graph are named below `name`; with `recompute`, they form a block
// whose inner values gradient checkpointing may drop and compute again.
class Scope {
 public:
  Scope(Graph& graph, const std::string& name, bool recompute = false);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Graph& graph_;
  std::string outer_;
  int outer_block_;
};

// While it lives, nodes of the graph, and their gradients, take and give f32 in programs of any
// precision.
class FullPrecision {
 public:
  explicit FullPrecision(Graph& graph, bool on = true)
      : graph_(graph), outer_(graph.full_precision) {
    graph.full_precision = on;
  }
  ~FullPrecision() { graph_.full_precision = outer_; }
  FullPrecision(const FullPrecision&) = delete;
  FullPrecision& operator=(const FullPrecision&) = delete;

 private:
  Graph& graph_;
  bool outer_;
};

// Applies an op to tensors of one graph; at least one must not be null.
std::vector<Tensor> apply(const Op& op, const std::vector<Tensor>& inputs,
                          Attributes attributes = {});

// Told of a gradient by its place in `by` when it is complete: nodes that are made then run before
// the rest of the backward pass, so that the gradient need not be kept.
using GradientReady = std::function<void(size_t index, Tensor gradient)>;

// Gradients of the sum of outputs[i] * output_gradients[i] by each of `by`, as new nodes of the
// graph. A null Tensor where `by` has no influence. Throws ShapeError where an op on the way has
// no gradient.
std::vector<Tensor> gradients(const std::vector<Tensor>& outputs,
                              const std::vector<Tensor>& output_gradients,
                              const std::vector<Tensor>& by, const GradientReady& ready = {});

// Gradients of a scalar loss.
std::vector<Tensor> gradients(Tensor loss, const std::vector<Tensor>& by);

}  // namespace tandem
