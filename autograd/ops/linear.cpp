// Linear layer with its epilogue.
//   p  = x W' + bias          y = f(p) + residual
//   dp = f'(p) dy             dx = dp W      dW = dp' x      dbias = sum over rows of dp
//   dresidual = dy
// x [..., C]   W [D, C]   bias [D]   p, y, residual [..., D]   kept for backward: p, if f is there
#include "autograd/cost.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/matmul_kernels.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/stored.h"
#include "autograd/remake.h"

namespace tandem {

namespace {

enum Input : size_t { in_x, in_weight, in_bias, in_residual };

Activation activation_of(const Attributes& attributes) {
  return static_cast<Activation>(attributes.integer("activation"));
}

MatmulTypes types(const OpContext& context) {
  MatmulTypes types = types_of(context);
  if (context.outputs.size() > 1) types.pre = context.outputs[1]->dtype;
  return types;
}

MatmulShape product(const OpContext& context) {
  return product_of("linear", context.in(in_x), context.in(in_weight), false, true);
}

std::vector<TensorType> infer(const OpContext& context) {
  require_f32("linear", context);
  const Shape& x = context.in(in_x);
  const Shape& weight = context.in(in_weight);
  if (x.rank() < 2 || weight.rank() != 2 || x[-1] != weight[1]) {
    fail<ShapeError>("linear: x is {} and weight is {}; expected [..., C] and [D, C].", x, weight);
  }
  const Shape y = x.with(-1, weight[0]);
  if (context.has(in_bias) && context.in(in_bias) != Shape{weight[0]}) {
    fail<ShapeError>("linear: bias is {} but weight is {}; pass bias of shape [{}].",
                     context.in(in_bias), weight, weight[0]);
  }
  if (context.has(in_residual) && context.in(in_residual) != y) {
    fail<ShapeError>("linear: residual is {} but the result is {}; pass one of that shape.",
                     context.in(in_residual), y);
  }
  const size_t outputs = activation_of(*context.attributes) == Activation::none ? 1 : 2;
  return std::vector<TensorType>(outputs, {DType::f32, y});
}

void reference(const ReferenceBinding& binding) {
  std::vector<double>& y = binding.output(0);
  reference_product(product(binding), binding.input(in_x), binding.input(in_weight), y);
  const auto width = static_cast<size_t>(binding.in(in_weight)[0]);
  const Activation activation = activation_of(*binding.attributes);
  for (size_t i = 0; i < y.size(); ++i) {
    if (binding.has(in_bias)) y[i] += binding.input(in_bias)[i % width];
    if (activation != Activation::none) binding.output(1)[i] = y[i];
    y[i] = activation_reference(y[i], activation);
    if (binding.has(in_residual)) y[i] += binding.input(in_residual)[i];
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const Activation activation = activation_of(*binding.attributes);
  const MatmulEpilogue epilogue{
      .bias = binding.has(in_bias) ? binding.input(in_bias) : nullptr,
      .activation = activation,
      .pre = activation == Activation::none ? Stored{} : stored_output(binding, 1),
      .residual = binding.has(in_residual) ? binding.input(in_residual) : nullptr};
  return [matmul = CpuMatmul(product(binding), types(binding)), epilogue,
          threads = binding.threads, x = binding.input<std::byte>(in_x),
          weight = binding.input<std::byte>(in_weight), y = binding.output<std::byte>(0),
          scratch = binding.scratch] { matmul.run(*threads, x, weight, y, epilogue, scratch); };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const Activation activation = activation_of(*binding.attributes);
  MatmulRanges ranges{.a = binding.input(in_x),
                      .b = binding.input(in_weight),
                      .y = binding.output(0),
                      .activation = activation};
  if (binding.has(in_bias)) ranges.bias = binding.input(in_bias);
  if (binding.has(in_residual)) ranges.residual = binding.input(in_residual);
  if (activation != Activation::none) ranges.pre = binding.output(1);
  return product_dispatches(product(binding), *binding.device, types(binding),
                            design_of(*binding.attributes), ranges, binding.scratch);
}

size_t scratch(const OpContext& context, const DeviceInfo& device) {
  return product_scratch(product(context), device, design_of(*context.attributes), types(context));
}

// linear_gradient: dW and dbias in one pass over dp [..., D] and x [..., C].

MatmulShape gradient_product(const OpContext& context) {
  const int64_t width = context.in(0)[-1];
  const int64_t rows = width == 0 ? 0 : context.in(0).elements() / width;
  return {.m = width, .n = context.in(1)[-1], .k = rows, .transpose_a = true};
}

std::vector<TensorType> gradient_infer(const OpContext& context) {
  const Shape& dp = context.in(0);
  const Shape& x = context.in(1);
  if (dp.rank() < 1 || dp != x.with(-1, dp[-1])) {
    fail<ShapeError>("linear_gradient: dp is {} and x is {}; only the last axes may differ.", dp,
                     x);
  }
  return {{DType::f32, {dp[-1], x[-1]}}, {DType::f32, {dp[-1]}}};
}

void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& dp = binding.input(0);
  reference_product(gradient_product(binding), dp, binding.input(1), binding.output(0));
  std::vector<double>& dbias = binding.output(1);
  for (size_t i = 0; i < dp.size(); ++i) dbias[i % dbias.size()] += dp[i];
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [matmul = CpuMatmul(gradient_product(binding), types_of(binding)),
          threads = binding.threads, dp = binding.input<std::byte>(0),
          x = binding.input<std::byte>(1), dweight = binding.output<std::byte>(0),
          epilogue = MatmulEpilogue{.column_sums = binding.output(1)},
          scratch = binding.scratch] { matmul.run(*threads, dp, x, dweight, epilogue, scratch); };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  return product_dispatches(gradient_product(binding), *binding.device, types_of(binding),
                            design_of(*binding.attributes),
                            {.a = binding.input(0),
                             .b = binding.input(1),
                             .y = binding.output(0),
                             .column_sums = binding.output(1)},
                            binding.scratch);
}

size_t gradient_scratch(const OpContext& context, const DeviceInfo& device) {
  return product_scratch(gradient_product(context), device, design_of(*context.attributes),
                         types_of(context));
}

const Op& linear_gradient_op = register_op({.name = "linear_gradient",
                                            .infer = gradient_infer,
                                            .reference = gradient_reference,
                                            .cpu = gradient_cpu,
                                            .vulkan = gradient_vulkan,
                                            .scratch = gradient_scratch,
                                            .low_inputs = {0, 1},
                                            .product = true});

Tensor as_matrix(Tensor x) {
  return reshape(x, {x.shape().elements(0, x.shape().rank() - 1), x.shape()[-1]});
}

std::vector<Tensor> gradient(const GradientContext& context) {
  const Tensor x = context.inputs[in_x];
  const Tensor dy = context.output_gradients[0];
  const Activation activation = activation_of(*context.attributes);
  Tensor dp = dy;
  if (activation != Activation::none) {
    dp = activation_gradient(context.outputs[1], dy, activation);
  }
  Tensor dx;
  Tensor dweight;
  Tensor dbias;
  const MatmulDesign design = design_of(*context.attributes);
  // Weights first: so x is done with before dx takes memory.
  if (context.needed[in_bias] && !context.needed[in_weight]) {
    dbias = sum(as_matrix(dp), {0});
  } else if (context.needed[in_bias]) {
    const std::vector<Tensor> both =
        apply(linear_gradient_op, {dp, x}, {{"design", static_cast<int64_t>(design)}});
    dweight = both[0];
    dbias = both[1];
  } else if (context.needed[in_weight]) {
    dweight = matmul_by(design, as_matrix(dp), as_matrix(x), true, false);
  }
  if (context.needed[in_x]) dx = matmul_by(design, dp, context.inputs[in_weight], false, false);
  return {dx, dweight, dbias, dy};
}

// Inputs of a case: x of these axes, a weight of `width` rows and what else is there.
OpCase item(std::string name, const Shape& x, int64_t width, bool bias, Activation activation,
            bool residual, MatmulDesign design = MatmulDesign::automatic) {
  OpCase result{.name = std::move(name),
                .inputs = {{.type = {DType::f32, x}}, {.type = {DType::f32, {width, x[-1]}}}}};
  if (bias) result.inputs.push_back({.type = {DType::f32, {width}}});
  if (residual) result.inputs.push_back({.type = {DType::f32, x.with(-1, width)}});
  result.build = [=](const auto& in) -> std::vector<Tensor> {
    return {linear_by(design, in[0], in[1], bias ? in[2] : Tensor(), activation,
                      residual ? in[bias ? 3 : 2] : Tensor())};
  };
  return result;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {
      item("plain", {6, 5}, 7, false, Activation::none, false),
      item("bias", {2, 33, 20}, 36, true, Activation::none, false),
      item("bias and residual", {2, 3, 5, 9}, 12, true, Activation::none, true),
      item("residual alone", {17, 16}, 64, false, Activation::none, true),
      item("gelu without bias", {9, 8}, 40, false, Activation::gelu, false),
      item("all, off the multiple", {3, 23, 17}, 45, true, Activation::gelu, true),
      item("gelu_tanh", {5, 8}, 9, true, Activation::gelu_tanh, false),
      item("quick_gelu", {5, 8}, 9, true, Activation::quick_gelu, false),
      item("relu", {5, 8}, 9, true, Activation::relu, false),
      item("silu", {5, 8}, 9, true, Activation::silu, true),
      item("sigmoid", {5, 8}, 9, true, Activation::sigmoid, true),
      item("one element", {1, 1}, 1, true, Activation::gelu, true),
      item("many rows", {1100, 6}, 10, true, Activation::quick_gelu, false),
      item("a long sum", {3, 1100}, 10, true, Activation::gelu, true)};
  for (const MatmulDesign design : {MatmulDesign::register_tile, MatmulDesign::register_lanes,
                                    MatmulDesign::small, MatmulDesign::medium,
                                    MatmulDesign::large}) {
    all.push_back(item(fmt::format("design {}", static_cast<int>(design)), {3, 23, 17}, 69, true,
                       Activation::gelu, true, design));
    all.push_back(item(fmt::format("design {}, a long sum", static_cast<int>(design)), {3, 1030},
                       70, true, Activation::none, true, design));
  }
  const auto refuse = [&](std::string name, OpCase broken, size_t input, const Shape& shape) {
    broken.name = std::move(name);
    broken.inputs[input].type.shape = shape;
    broken.refused = true;
    all.push_back(broken);
  };
  const OpCase full = item("", {4, 6}, 5, true, Activation::none, true);
  refuse("a weight of another width", full, 1, {5, 7});
  refuse("a weight of three axes", full, 1, {1, 5, 6});
  refuse("a bias of another width", full, 2, {6});
  refuse("a residual of another shape", full, 3, {4, 6});
  return all;
}

const Op& linear_op = register_op({.name = "linear",
                                   .infer = infer,
                                   .gradient = gradient,
                                   .reference = reference,
                                   .cpu = cpu,
                                   .vulkan = vulkan,
                                   .scratch = scratch,
                                   .cases = cases,
                                   .low_inputs = {in_x, in_weight},
                                   .low_outputs = {0, 1},
                                   .product = true});


template <auto rule>
Cost cost(const OpContext& context) {
  return {rule(context).flops(), bytes_moved(context)};
}

// y of p, without the product.
bool remake(Node& node, const OpContext&) {
  const bool residual = node.inputs.size() > in_residual && node.inputs[in_residual] >= 0;
  const Activation activation = activation_of(node.attributes);
  if (activation == Activation::none || residual) return false;
  node.op = &activation_op();
  node.attributes = {{"kind", static_cast<int64_t>(activation)}};
  node.inputs = {node.outputs[1]};
  node.outputs.resize(1);
  return true;
}

const RegisteredRemake linear_remake("linear", remake);

template <auto shape, auto types>
Tunable tunable(const OpContext& context, const DeviceInfo& device) {
  return tunable_product(shape(context), types(context), device);
}

const RegisteredTuning forward_tuning("linear", tunable<product, types>);
const RegisteredTuning gradient_tuning("linear_gradient", tunable<gradient_product, types_of>);

const RegisteredCost forward_cost("linear", cost<product>);
const RegisteredCost gradient_cost("linear_gradient", cost<gradient_product>);

}  // namespace

Tensor linear_by(MatmulDesign design, Tensor x, Tensor weight, Tensor bias, Activation activation,
                 Tensor residual) {
  return apply(linear_op, {x, weight, bias, residual},
               {{"activation", static_cast<int64_t>(activation)},
                {"design", static_cast<int64_t>(design)}})[0];
}

Tensor linear(Tensor x, Tensor weight, Tensor bias, Activation activation, Tensor residual) {
  return linear_by(MatmulDesign::automatic, x, weight, bias, activation, residual);
}

}  // namespace tandem
