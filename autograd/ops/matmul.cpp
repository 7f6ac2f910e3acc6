// Matrix product.
//   y = A B                           A = a or a', B = b or b'
//   dA = dy B'     dB = A' dy         each again a product, transposed where a or b was
// a [..., m, k]   b [..., k, n]   y [..., m, n]
#include "autograd/ops/matmul.h"

#include "autograd/cost.h"
#include "autograd/ops/matmul_kernels.h"
#include "autograd/ops/reshape.h"

namespace tandem {

namespace {

MatmulShape product(const OpContext& context) {
  return product_of("matmul", context.in(0), context.in(1), context.attributes->flag("transpose_a"),
                    context.attributes->flag("transpose_b"));
}

std::vector<TensorType> infer(const OpContext& context) {
  require_f32("matmul", context);
  const MatmulShape shape = product(context);
  const Shape& a = context.in(0);
  const int64_t rows = shape.transpose_a ? a[-1] : a[-2];
  return {{DType::f32, a.with(-2, rows).with(-1, shape.n)}};
}

// All axes but the last in one.
Tensor as_matrix(Tensor x) {
  if (x.shape().rank() == 2) return x;
  return reshape(x, {x.shape().elements(0, x.shape().rank() - 1), x.shape()[-1]});
}

std::vector<Tensor> gradient(const GradientContext& context) {
  const bool transpose_a = context.attributes->flag("transpose_a");
  const bool transpose_b = context.attributes->flag("transpose_b");
  const auto multiply = [design = design_of(*context.attributes)](
                            Tensor left, Tensor right, bool transpose_left, bool transpose_right) {
    return matmul_by(design, left, right, transpose_left, transpose_right);
  };
  Tensor a = context.inputs[0];
  const Tensor b = context.inputs[1];
  Tensor dy = context.output_gradients[0];
  Tensor da;
  Tensor db;
  if (context.needed[0]) {
    da = transpose_a ? multiply(b, dy, transpose_b, true) : multiply(dy, b, false, !transpose_b);
  }
  if (context.needed[1]) {
    if (b.shape().rank() == 2) {
      a = as_matrix(a);
      dy = as_matrix(dy);
    }
    db = transpose_b ? multiply(dy, a, true, transpose_a) : multiply(a, dy, !transpose_a, false);
  }
  return {da, db};
}

void reference(const ReferenceBinding& binding) {
  reference_product(product(binding), binding.input(0), binding.input(1), binding.output(0));
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [matmul = CpuMatmul(product(binding), types_of(binding)), threads = binding.threads,
          a = binding.input<std::byte>(0), b = binding.input<std::byte>(1),
          y = binding.output<std::byte>(0),
          scratch = binding.scratch] { matmul.run(*threads, a, b, y, {}, scratch); };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  return product_dispatches(product(binding), *binding.device, types_of(binding),
                            design_of(*binding.attributes),
                            {.a = binding.input(0), .b = binding.input(1), .y = binding.output(0)},
                            binding.scratch);
}

size_t scratch(const OpContext& context, const DeviceInfo& device) {
  return product_scratch(product(context), device, design_of(*context.attributes),
                         types_of(context));
}

OpCase item(std::string name, const Shape& a, const Shape& b, bool transpose_a, bool transpose_b,
            bool refused = false, MatmulDesign design = MatmulDesign::automatic) {
  return {.name = std::move(name),
          .inputs = {{.type = {DType::f32, a}}, {.type = {DType::f32, b}}},
          .build = [=](const auto& in) -> std::vector<Tensor> {
            return {matmul_by(design, in[0], in[1], transpose_a, transpose_b)};
          },
          .refused = refused};
}

// Every kernel of the Vulkan backend, whichever a device would choose: sides off the multiple,
// several tiles, batches, and k in parts.
void add_designs(std::vector<OpCase>& all) {
  constexpr std::pair<const char*, MatmulDesign> designs[] = {
      {"register", MatmulDesign::register_tile},
      {"lanes", MatmulDesign::register_lanes},
      {"small", MatmulDesign::small},
      {"medium", MatmulDesign::medium},
      {"large", MatmulDesign::large}};
  for (const auto& [name, design] : designs) {
    const auto add = [&, name = name, design = design](const char* what, const Shape& a,
                                                       const Shape& b, bool ta, bool tb) {
      all.push_back(item(fmt::format("{} design, {}", name, what), a, b, ta, tb, false, design));
    };
    add("NN", {70, 36}, {36, 132}, false, false);
    add("NT", {70, 37}, {133, 37}, false, true);
    add("TN", {37, 70}, {37, 131}, true, false);
    add("TT", {21, 34}, {66, 21}, true, true);
    add("batched TN", {3, 9, 33}, {3, 9, 10}, true, false);
    add("batched NT", {3, 33, 9}, {3, 10, 9}, false, true);
    add("k in parts", {5, 1030}, {1030, 6}, false, false);
  }
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all;
  add_designs(all);
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      const auto add = [&](const char* what, int64_t m, int64_t n, int64_t k) {
        all.push_back(
            item(fmt::format("{}{} {}", transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', what),
                 transpose_a ? Shape{k, m} : Shape{m, k}, transpose_b ? Shape{n, k} : Shape{k, n},
                 transpose_a, transpose_b));
      };
      add("on the multiple", 64, 32, 16);
      add("off every multiple", 37, 71, 19);
      add("one element", 1, 1, 1);
      add("one row", 1, 35, 9);
      add("one column", 35, 1, 70);
    }
  }
  all.push_back(item("TN with a long sum", {1100, 9}, {1100, 12}, true, false));
  all.push_back(item("NN of several tiles", {130, 40}, {40, 150}, false, false));
  all.push_back(item("batched NT", {3, 2, 5, 7}, {3, 2, 6, 7}, false, true));
  all.push_back(item("batched NN", {4, 10, 9}, {4, 9, 11}, false, false));
  all.push_back(item("batched TN", {2, 33, 5}, {2, 33, 70}, true, false));
  all.push_back(item("leading axes fold into rows", {2, 3, 5, 7}, {7, 4}, false, false));
  all.push_back(item("leading axes fold into rows, NT", {2, 9, 8}, {12, 8}, false, true));
  OpCase large = item("large values", {6, 8}, {8, 10}, false, false);
  for (CaseInput& input : large.inputs) input.low = -(input.high = 1e15);
  all.push_back(large);
  OpCase constant = item("constant rows", {40, 24}, {24, 33}, false, false);
  constant.inputs[0].low = constant.inputs[0].high = 0.5;
  all.push_back(constant);
  all.push_back(item("sums of different lengths", {2, 3}, {4, 5}, false, false, true));
  all.push_back(item("one axis", {3}, {3, 2}, false, false, true));
  all.push_back(item("different leading axes", {2, 3, 4}, {3, 4, 5}, false, false, true));
  all.push_back(item("a shared b for a transposed", {2, 4, 3}, {4, 5}, true, false, true));
  return all;
}

const Op& matmul_op = register_op({.name = "matmul",
                                   .infer = infer,
                                   .gradient = gradient,
                                   .reference = reference,
                                   .cpu = cpu,
                                   .vulkan = vulkan,
                                   .scratch = scratch,
                                   .cases = cases,
                                   .low_inputs = {0, 1},
                                   .low_outputs = {0},
                                   .product = true});


const RegisteredTuning matmul_tuning("matmul", [](const OpContext& context,
                                                  const DeviceInfo& device) {
  return tunable_product(product(context), types_of(context), device);
});

const RegisteredCost matmul_cost("matmul", [](const OpContext& context) -> Cost {
  return {product(context).flops(), bytes_moved(context)};
});

}  // namespace

Tensor matmul_by(MatmulDesign design, Tensor a, Tensor b, bool transpose_a, bool transpose_b) {
  return apply(matmul_op, {a, b},
               {{"transpose_a", static_cast<int64_t>(transpose_a)},
                {"transpose_b", static_cast<int64_t>(transpose_b)},
                {"design", static_cast<int64_t>(design)}})[0];
}

Tensor matmul(Tensor a, Tensor b, bool transpose_a, bool transpose_b) {
  return matmul_by(MatmulDesign::automatic, a, b, transpose_a, transpose_b);
}

}  // namespace tandem
