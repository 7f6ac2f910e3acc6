#include "autograd/graph.h"

#include <algorithm>
#include <cstring>

namespace tandem {

namespace {

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

int64_t aligned(int64_t elements) {
  return (elements + Variable::alignment - 1) / Variable::alignment * Variable::alignment;
}

}  // namespace

const TensorType& Tensor::type() const { return graph_->type(id_); }

Tensor Graph::add_value(Value value) {
  values_.push_back(std::move(value));
  return {this, static_cast<int>(values_.size()) - 1};
}

Tensor Graph::input(const std::string& name, const TensorType& type) {
  if (by_name_.contains(name)) fail<ShapeError>("graph: '{}' is declared twice.", name);
  Value value{.type = type};
  value.source = Value::Source::input;
  value.name = name;
  const Tensor tensor = add_value(std::move(value));
  by_name_[name] = tensor.id();
  return tensor;
}

Tensor Graph::constant(const TensorType& type, std::vector<std::byte> bytes) {
  if (bytes.size() != type.bytes()) {
    fail<ShapeError>("constant: {} bytes given for {}.", bytes.size(), type.str());
  }
  Value value{.type = type};
  value.source = Value::Source::constant;
  value.constant = std::move(bytes);
  return add_value(std::move(value));
}

Tensor Graph::constant(const Shape& shape, const std::vector<float>& values) {
  return constant({DType::f32, shape}, bytes_of(values));
}

Tensor Graph::constant(const Shape& shape, const std::vector<int32_t>& values) {
  return constant({DType::i32, shape}, bytes_of(values));
}

Tensor Graph::variable(const std::string& name, const TensorType& type, Variable::Kind kind,
                       Initializer initializer) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    const TensorType& known = this->type(found->second);
    if (known == type) return {this, found->second};
    fail<ShapeError>("variable '{}': declared as {} and again as {}.", name, known.str(),
                     type.str());
  }
  Variable variable{name, type, kind, initializer, 0};
  if (kind == Variable::Kind::trainable) {
    if (arena_ >= 0) {
      fail<ShapeError>("variable '{}': declared after the trainable arena was used.", name);
    }
    variable.offset = trainable_elements_;
    trainable_elements_ += aligned(type.shape.elements());
  }
  variables_.push_back(std::move(variable));
  Value value{.type = type};
  value.source = Value::Source::variable;
  value.name = name;
  const Tensor tensor = add_value(std::move(value));
  by_name_[name] = tensor.id();
  return tensor;
}

Tensor Graph::trainable_arena() {
  if (trainable_elements_ == 0) throw ShapeError("graph: there is no trainable parameter.");
  if (arena_ < 0) {
    Value value{.type = {DType::f32, {trainable_elements_}}};
    value.source = Value::Source::arena;
    arena_ = add_value(std::move(value)).id();
  }
  return {this, arena_};
}

std::vector<Tensor> Graph::apply(const Op& op, const std::vector<Tensor>& inputs,
                                 Attributes attributes) {
  Node node{.op = &op, .attributes = std::move(attributes)};
  OpContext context{.attributes = &node.attributes, .inputs = {}, .outputs = {}};
  for (const Tensor& input : inputs) {
    if (input && &input.graph() != this) fail<ShapeError>("{}: inputs of two graphs.", op.name);
    node.inputs.push_back(input ? input.id() : -1);
    context.inputs.push_back(input ? &input.type() : nullptr);
  }
  const std::vector<TensorType> types = op.infer(context);
  node.scope = scope;
  node.block = backward ? -1 : block;
  node.backward = backward;
  node.full_precision = full_precision;
  std::vector<Tensor> outputs;
  for (const TensorType& type : types) {
    outputs.push_back(add_value({.type = type, .node = static_cast<int>(nodes_.size())}));
    node.outputs.push_back(outputs.back().id());
  }
  nodes_.push_back(std::move(node));
  return outputs;
}

Scope::Scope(Graph& graph, const std::string& name, bool recompute)
    : graph_(graph), outer_(graph.scope), outer_block_(graph.block) {
  if (!graph.scope.empty() && !name.empty()) graph.scope += '.';
  graph.scope += name;
  if (recompute) graph.block = graph.blocks++;
}

Scope::~Scope() {
  graph_.scope = outer_;
  graph_.block = outer_block_;
}

std::vector<Tensor> apply(const Op& op, const std::vector<Tensor>& inputs,
                          Attributes attributes) {
  const auto first = std::find_if(inputs.begin(), inputs.end(),
                                  [](const Tensor& input) { return static_cast<bool>(input); });
  if (first == inputs.end()) fail<ShapeError>("{}: no input given.", op.name);
  return first->graph().apply(op, inputs, std::move(attributes));
}

}  // namespace tandem
