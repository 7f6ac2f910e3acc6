// Walks the registry: every case of every op is checked against its reference on every device, and
// the reference's gradients against central differences.
#include "autograd/op.h"

#include "autograd/ops/activation.h"
#include "autograd/program.h"
#include "autograd/reference.h"
#include "core/philox.h"
#include "tests/devices.h"
#include "tests/disguised_device.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

using namespace tandem;

namespace {

// Of 16-bit programs whose inputs need no rounding: each value on the way is off by 2^-9.
constexpr double low_tolerance = 1.5e-2;

struct Checked {
  const Op* op;
  OpCase item;
  std::string name() const { return fmt::format("{}: {}", op->name, item.name); }
};

std::vector<Checked> all_cases(bool refused) {
  std::vector<Checked> all;
  for (const Op* op : registered_ops()) {
    if (op->cases == nullptr) continue;
    for (OpCase& item : op->cases()) {
      if (item.refused == refused) all.push_back({op, std::move(item)});
    }
  }
  return all;
}

std::vector<double> random_values(const CaseInput& input, uint32_t index) {
  Random random(11, index, 0, RandomUse::test);
  std::vector<double> values(static_cast<size_t>(input.type.shape.elements()));
  for (double& value : values) {
    value = input.low + (input.high - input.low) * random.uniform();
    value = input.type.dtype == DType::i32 ? std::floor(value) : static_cast<float>(value);
  }
  return values;
}

bool is_float(DType dtype) { return dtype != DType::i32; }

// A case's graph: outputs, and gradients of a random weighting of them by each input.
struct CaseGraph {
  Graph graph;
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;  // floating-point ones
  std::vector<Tensor> by;       // inputs that have a gradient, and
  std::vector<Tensor> gradients;
  ReferenceFeeds feeds;

  explicit CaseGraph(const OpCase& item) {
    for (size_t i = 0; i < item.inputs.size(); ++i) {
      const std::string name = fmt::format("in{}", i);
      inputs.push_back(graph.input(name, item.inputs[i].type));
      feeds[name] = random_values(item.inputs[i], static_cast<uint32_t>(i));
    }
    for (const Tensor& output : item.build(inputs)) {
      if (output && is_float(output.dtype())) outputs.push_back(output);
    }
    add_gradients(item);
  }

  void add_gradients(const OpCase& item) {
    std::vector<Tensor> wanted;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (item.inputs[i].differentiable && is_float(inputs[i].dtype())) {
        wanted.push_back(inputs[i]);
      }
    }
    if (wanted.empty()) return;
    std::vector<Tensor> seeds;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const CaseInput weight{.type = outputs[i].type()};
      const std::string name = fmt::format("seed{}", i);
      seeds.push_back(graph.input(name, weight.type));
      feeds[name] = random_values(weight, static_cast<uint32_t>(100 + i));
    }
    const std::vector<Tensor> all = tandem::gradients(outputs, seeds, wanted);
    for (size_t i = 0; i < all.size(); ++i) {
      if (!all[i]) continue;
      by.push_back(wanted[i]);
      gradients.push_back(all[i]);
    }
  }

  // Rounds what is fed, so that rounding it again changes nothing.
  void round_feeds(DType dtype) {
    for (auto& [name, values] : feeds) {
      for (double& value : values) {
        const auto number = static_cast<float>(value);
        value = dtype == DType::f16 ? float_from_f16(f16_from_float(number))
                                    : float_from_bf16(bf16_from_float(number));
      }
    }
  }

  // Sum of outputs[i] * seed[i] at the feeds.
  double weighted() {
    const auto values = evaluate(graph, outputs, feeds);
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const std::vector<double>& seed = feeds.at(fmt::format("seed{}", i));
      for (size_t j = 0; j < seed.size(); ++j) sum += values[i][j] * seed[j];
    }
    return sum;
  }
};

double rms(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

std::string input_name(const CaseGraph& made, Tensor input) {
  return made.graph.values()[static_cast<size_t>(input.id())].name;
}

// Compares a few elements (all of a small input) of one gradient with central differences.
void check_gradient(const Checked& checked, CaseGraph& made, size_t which,
                    const std::vector<double>& gradient) {
  std::vector<double>& x = made.feeds.at(input_name(made, made.by[which]));
  const size_t probes = std::min<size_t>(x.size(), 24);
  const double scale = rms(gradient);
  for (size_t probe = 0; probe < probes; ++probe) {
    const size_t i = probe * x.size() / probes;
    const double kept = x[i];
    const double h = 1e-5 * std::max(1.0, std::fabs(kept));
    x[i] = kept + h;
    const double up = made.weighted();
    x[i] = kept - h;
    const double down = made.weighted();
    x[i] = kept;
    const double expected = (up - down) / (2 * h);
    const double difference = std::fabs(gradient[i] - expected);
    const double allowed = 1e-5 * (std::fabs(expected) + scale) + 1e-8;
    INFO(checked.name(), ": gradient of input ", which, " at ", i, ": ", gradient[i],
         " against ", expected);
    CHECK(difference <= allowed);
  }
}

// Feeds in the program's dtypes.
std::map<std::string, std::vector<std::byte>> device_bytes(const CaseGraph& made) {
  std::map<std::string, std::vector<std::byte>> all;
  for (const Value& value : made.graph.values()) {
    if (value.source != Value::Source::input) continue;
    const std::vector<double>& values = made.feeds.at(value.name);
    std::vector<std::byte> bytes(value.type.bytes());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto number = static_cast<float>(values[i]);
      const auto whole = static_cast<int32_t>(values[i]);
      const uint16_t half = value.type.dtype == DType::f16 ? f16_from_float(number)
                                                           : bf16_from_float(number);
      const void* from = value.type.dtype == DType::f32   ? static_cast<const void*>(&number)
                         : value.type.dtype == DType::i32 ? static_cast<const void*>(&whole)
                                                          : static_cast<const void*>(&half);
      std::memcpy(bytes.data() + i * size_of(value.type.dtype), from, size_of(value.type.dtype));
    }
    all[value.name] = std::move(bytes);
  }
  return all;
}

void compare(const std::string& what, const std::vector<float>& got,
             const std::vector<double>& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  const double scale = rms(expected);
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(got[i] - expected[i]);
    const double allowed = tolerance * (std::fabs(expected[i]) + scale) + 1e-30;
    if (difference <= allowed || got[i] == expected[i]) continue;
    FAIL_CHECK(what, " at ", i, ": ", got[i], " against ", expected[i], ", tolerance ", allowed);
    return;
  }
}

// x itself, by way of an op that takes 16 bits: so that what makes x writes them.
Tensor passed_on(Tensor x) {
  const std::vector<float> ones(static_cast<size_t>(x.shape().elements()), 1.0f);
  return activation_gradient(x.graph().constant(x.shape(), ones), x, Activation::relu);
}

void check_on_device(Device& device, const Checked& checked, DType precision = DType::f32) {
  CaseGraph made(checked.item);
  const bool low = precision != DType::f32;
  if (low) made.round_feeds(precision);
  std::vector<Tensor> fetches;
  for (const Tensor& output : made.outputs) {
    if (output.dtype() == DType::f32) fetches.push_back(low ? passed_on(output) : output);
  }
  const size_t outputs = fetches.size();
  for (const Tensor& gradient : made.gradients) {
    if (gradient.dtype() == DType::f32) fetches.push_back(low ? passed_on(gradient) : gradient);
  }
  Variables variables(device);
  Program program(made.graph, variables, fetches, {.precision = precision});
  const auto bytes = device_bytes(made);
  Feeds feeds;
  for (const std::string& name : program.inputs()) feeds[name] = bytes.at(name);
  const uint64_t ticket = program.run(feeds);
  const auto expected = evaluate(made.graph, fetches, made.feeds);
  for (size_t i = 0; i < fetches.size(); ++i) {
    const std::string what =
        fmt::format("{} on {}, {} {}", checked.name(), device.info().name,
                    i < outputs ? "output" : "gradient", i < outputs ? i : i - outputs);
    compare(what, program.fetch(ticket, i), expected[i],
            low ? low_tolerance : checked.item.tolerance);
  }
}

}  // namespace

TEST_CASE("every_reference_gradient_agrees_with_central_differences") {
  for (const Checked& checked : all_cases(false)) {
    CAPTURE(checked.name());
    CaseGraph made(checked.item);
    const auto gradients = evaluate(made.graph, made.gradients, made.feeds);
    for (size_t i = 0; i < gradients.size(); ++i) check_gradient(checked, made, i, gradients[i]);
  }
}

TEST_CASE("every_kernel_agrees_with_its_reference_on_every_device") {
  for_each_test_device([](Device& device) {
    for (const Checked& checked : all_cases(false)) {
      CAPTURE(checked.name());
      check_on_device(device, checked);
    }
  });
}

TEST_CASE("every_op_with_16_bit_kernels_agrees_with_its_reference_in_bf16_and_f16") {
  for_each_test_device([](Device& device) {
    for (const Checked& checked : all_cases(false)) {
      // Other devices have products of rounded floats alone.
      const bool lowers = !checked.op->low_inputs.empty() || !checked.op->low_outputs.empty();
      if (!(device.info().backend == "cpu" ? lowers : checked.op->product)) continue;
      if (checked.name().find("large") != std::string::npos) continue;  // past f16's range
      if (checked.name().find("design") != std::string::npos) continue;  // of Vulkan's fp32 kernels
      CAPTURE(checked.name());
      check_on_device(device, checked, DType::bf16);
      check_on_device(device, checked, DType::f16);
    }
  });
}

TEST_CASE("kernels_that_only_gpus_are_given_agree_too") {
  for_each_vulkan_device([](Device& device) {
    if (!device.info().software()) return;
    DisguisedDevice disguised(device, DisguisedDevice::as_gpu(device.info()));
    for (const Checked& checked : all_cases(false)) {
      CAPTURE(checked.name());
      check_on_device(disguised, checked);
      // Products of 16 bits; each design of them, and f16, are matmul_low_test.cpp's.
      const bool designs = checked.name().find("design") != std::string::npos;
      if (checked.op->product && !designs) check_on_device(disguised, checked, DType::bf16);
    }
  });
}

TEST_CASE("wrong_shapes_are_refused_by_the_ops_name") {
  for (const Checked& checked : all_cases(true)) {
    CAPTURE(checked.name());
    std::string message;
    try {
      CaseGraph made(checked.item);
    } catch (const ShapeError& error) {
      message = error.what();
    }
    CHECK(message.starts_with(fmt::format("{}:", checked.op->name)));
  }
}

TEST_CASE("every_op_has_a_case_or_is_a_gradient_or_an_update") {
  for (const Op* op : registered_ops()) {
    CAPTURE(std::string(op->name));
    CHECK(static_cast<bool>(op->infer));
    CHECK(static_cast<bool>(op->reference));
    const bool gradient = op->name.find("_gradient") != std::string_view::npos;
    CHECK((gradient || !op->mutates.empty() || op->cases != nullptr));
  }
}
