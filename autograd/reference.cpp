#include "autograd/reference.h"

#include "autograd/plan.h"

#include <cstring>

namespace tandem {

namespace {

std::vector<double> constant_values(const Value& value) {
  std::vector<double> result(static_cast<size_t>(value.type.shape.elements()));
  for (size_t i = 0; i < result.size(); ++i) {
    const std::byte* at = value.constant.data() + i * size_of(value.type.dtype);
    if (value.type.dtype == DType::f32) {
      float number = 0;
      std::memcpy(&number, at, sizeof number);
      result[i] = number;
    } else if (value.type.dtype == DType::i32) {
      int32_t number = 0;
      std::memcpy(&number, at, sizeof number);
      result[i] = number;
    } else {
      uint16_t bits = 0;
      std::memcpy(&bits, at, sizeof bits);
      result[i] =
          value.type.dtype == DType::f16 ? float_from_f16(bits) : float_from_bf16(bits);
    }
  }
  return result;
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, const std::vector<Tensor>& fetches, ReferenceFeeds& feeds)
      : plan_(make_plan(graph, fetches, false)), feeds_(feeds), values_(plan_.values.size()) {}

  std::vector<std::vector<double>> run() {
    for (const Node& node : plan_.nodes) run(node);
    std::vector<std::vector<double>> results;
    for (const int fetch : plan_.fetches) results.push_back(*data(fetch));
    return results;
  }

 private:
  std::vector<double>* data(int id) {
    const Value& value = plan_.values[static_cast<size_t>(id)];
    std::vector<double>& own = values_[static_cast<size_t>(id)];
    if (value.source == Value::Source::constant && own.empty()) own = constant_values(value);
    if (value.source == Value::Source::none || value.source == Value::Source::constant) {
      return &own;
    }
    const auto feed = feeds_.find(value.name);
    if (feed == feeds_.end()) fail<ShapeError>("evaluate: '{}' is not fed.", value.name);
    return &feed->second;
  }

  void run(const Node& node) {
    ReferenceBinding binding;
    binding.attributes = &node.attributes;
    for (const int id : node.inputs) {
      binding.inputs.push_back(id < 0 ? nullptr : &plan_.values[static_cast<size_t>(id)].type);
      binding.input_data.push_back(id < 0 ? nullptr : data(id));
    }
    for (const int id : node.outputs) {
      const TensorType& type = plan_.values[static_cast<size_t>(id)].type;
      values_[static_cast<size_t>(id)].assign(static_cast<size_t>(type.shape.elements()), 0.0);
      binding.outputs.push_back(&type);
      binding.output_data.push_back(&values_[static_cast<size_t>(id)]);
    }
    node.op->reference(binding);
  }

  Plan plan_;
  ReferenceFeeds& feeds_;
  std::vector<std::vector<double>> values_;
};

}  // namespace

std::vector<std::vector<double>> evaluate(const Graph& graph, const std::vector<Tensor>& fetches,
                                          ReferenceFeeds& feeds) {
  return Interpreter(graph, fetches, feeds).run();
}

}  // namespace tandem
