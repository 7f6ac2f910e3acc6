// What an op is. Each lives in one file of autograd/ops: its shape rule, its gradient, a plain
// reference in double, the kernels it runs on each backend, and its test cases. Files register
// their ops themselves, so that tests and benchmarks walk over every one without a list.
#pragma once

#include "core/device.h"
#include "core/error.h"
#include "core/shape.h"

#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tandem {

class Tensor;
class Threads;

// What an op is told besides its tensors: named integers, numbers and lists of integers.
class Attributes {
 public:
  using Value = std::variant<int64_t, double, std::vector<int64_t>>;

  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string, Value>> values) : values_(values) {}

  // The value of that name; std::logic_error if the op was built without it or with another type.
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const { return integer(name) != 0; }
  double number(std::string_view name) const;
  const std::vector<int64_t>& integers(std::string_view name) const;

 private:
  const Value& find(std::string_view name) const;

  std::vector<std::pair<std::string, Value>> values_;
};

// A node as its op's rules see it. An optional input that was not given is null.
struct OpContext {
  const Attributes* attributes = nullptr;
  std::vector<const TensorType*> inputs;
  std::vector<const TensorType*> outputs;  // empty in the shape rule

  bool has(size_t input) const { return input < inputs.size() && inputs[input] != nullptr; }
  const Shape& in(size_t input) const { return inputs.at(input)->shape; }
  const Shape& out(size_t output) const { return outputs.at(output)->shape; }
};

// For the reference: values of any dtype as doubles. Outputs come sized and zero.
struct ReferenceBinding : OpContext {
  std::vector<std::vector<double>*> input_data;  // written only by an op that mutates it
  std::vector<std::vector<double>*> output_data;

  std::vector<double>& input(size_t i) const { return *input_data.at(i); }
  std::vector<double>& output(size_t i) const { return *output_data.at(i); }
};

// For the CPU: addresses (64-byte aligned), good for as long as the program lives. The binding
// itself is gone when the kernel runs: a kernel copies what it needs.
struct CpuBinding : OpContext {
  std::vector<std::byte*> input_data;
  std::vector<std::byte*> output_data;
  std::byte* scratch = nullptr;
  Threads* threads = nullptr;

  template <class T = float>
  T* input(size_t i) const {
    return reinterpret_cast<T*>(input_data.at(i));
  }
  template <class T = float>
  T* output(size_t i) const {
    return reinterpret_cast<T*>(output_data.at(i));
  }
};

// For Vulkan: ranges to bind.
struct VulkanBinding : OpContext {
  std::vector<BufferRange> input_ranges;
  std::vector<BufferRange> output_ranges;
  BufferRange scratch;
  const DeviceInfo* device = nullptr;

  const BufferRange& input(size_t i) const { return input_ranges.at(i); }
  const BufferRange& output(size_t i) const { return output_ranges.at(i); }
};

// For the gradient rule, which adds ordinary ops to the graph.
struct GradientContext {
  const Attributes* attributes = nullptr;
  std::span<const Tensor> inputs;
  std::span<const Tensor> outputs;
  std::span<const Tensor> output_gradients;  // null where nothing flows back
  std::vector<bool> needed;                  // which inputs' gradients are wanted
};

// One input of a test case: uniform random values in [low, high); for i32 whole numbers.
struct CaseInput {
  TensorType type;
  double low = -1.0;
  double high = 1.0;
  bool differentiable = true;  // i32 inputs never are
};

// A small graph around one op. The tests compare its outputs and gradients with the reference on
// every device, and the reference's gradients with central differences; where `refused` is set,
// building it must throw a ShapeError that names the op.
struct OpCase {
  std::string name;
  std::vector<CaseInput> inputs;
  std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)> build;
  double tolerance = 2e-5;  // fp32 kernels: |x - reference| <= tolerance (|reference| + rms)
  bool refused = false;
};

struct Op {
  std::string_view name;

  // Types of the outputs. Throws ShapeError: "<op>: ...".
  std::vector<TensorType> (*infer)(const OpContext&) = nullptr;

  // Gradients of the inputs (null Tensors where not needed). No rule: not differentiable.
  std::vector<Tensor> (*gradient)(const GradientContext&) = nullptr;

  // Slow and clear, in double.
  void (*reference)(const ReferenceBinding&) = nullptr;

  // Prepares a kernel once; what it returns is run many times, from one thread.
  std::function<void()> (*cpu)(const CpuBinding&) = nullptr;
  std::vector<Dispatch> (*vulkan)(const VulkanBinding&) = nullptr;

  // Bytes of memory wanted while the op runs; contents undefined before and after.
  size_t (*scratch)(const OpContext&, const DeviceInfo&) = nullptr;

  std::vector<OpCase> (*cases)() = nullptr;

  // Inputs that the op writes (variables only). Such an op is never dropped.
  std::vector<size_t> mutates = {};

  // Inputs, of output 0's size, whose memory output 0 may take over: element i of the output must
  // depend on no element of that input but i.
  std::vector<size_t> in_place = {};

  // Inputs that the CPU kernel takes in bf16 and f16 too, and outputs that it can write so. The
  // shape rule knows f32 alone: which values are kept in 16 bits is decided in compile().
  std::vector<size_t> low_inputs = {};
  std::vector<size_t> low_outputs = {};

  // A matrix product: in a lower precision its low_inputs are rounded, whatever makes them.
  bool product = false;

  // Output 0 is the bytes of input 0 under another shape; no kernels.
  bool view = false;

  // Output 0 is all inputs one after another (see pack): inputs are produced in place there, and
  // kernels copy those that could not be.
  bool packs = false;
};

// Adds an op to the registry; it stays there for good.
const Op& register_op(Op op);

// Every registered op, by name.
std::vector<const Op*> registered_ops();

}  // namespace tandem
