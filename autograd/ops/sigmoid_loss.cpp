// SigLIP's pairwise loss (Zhai et al. 2023, equation 1).
//   l    = exp(t) similarity + b                             t = logit_scale, b = logit_bias
//   loss = 1/N sum_ij log(1 + exp(-z_ij l_ij))               z = 1 on the diagonal, else -1
//   dl   = -z sigmoid(-z l) dloss / N
//   dsimilarity = exp(t) dl     dt = sum_ij dl_ij exp(t) similarity_ij     db = sum_ij dl_ij
// similarity [N, N]   loss []
#include "autograd/ops/losses.h"

#include "autograd/ops/pair_loss.h"
#include "core/cpu/losses.h"

#include <algorithm>
#include <cmath>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  require_pairs(context, "sigmoid_loss");
  return {{DType::f32, {}}};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto size = static_cast<size_t>(binding.in(0)[0]);
  const double scale = std::exp(binding.input(1)[0]);
  for (size_t i = 0; i < x.size(); ++i) {
    const double z = i / size == i % size ? 1 : -1;
    const double against = -z * (scale * x[i] + binding.input(2)[0]);
    binding.output(0)[0] += (std::max(against, 0.0) + std::log1p(std::exp(-std::fabs(against)))) /
                            static_cast<double>(size);
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [work = pair_loss_work(binding, true, 0), loss = binding.output(0)] {
    cpu::sigmoid_loss(work, loss);
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t size = binding.in(0)[0];
  Dispatch rows = pair_loss_rows(binding, "sigmoid_loss", "sigmoid_loss_forward");
  rows.buffers = {binding.input(0), binding.input(1), binding.input(2), binding.scratch};
  rows.writes = 0b1000;
  return {std::move(rows),
          pair_loss_sum(binding, binding.output(0), 0, size, 1.0 / static_cast<double>(size))};
}

// Inputs similarity, logit_scale, logit_bias, dloss.
std::vector<TensorType> gradient_infer(const OpContext& context) {
  return {*context.inputs[0], *context.inputs[1], *context.inputs[2]};
}

void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto size = static_cast<size_t>(binding.in(0)[0]);
  const double scale = std::exp(binding.input(1)[0]);
  const double mean = binding.input(3)[0] / static_cast<double>(size);
  for (size_t i = 0; i < x.size(); ++i) {
    const double z = i / size == i % size ? 1 : -1;
    const double logit = scale * x[i] + binding.input(2)[0];
    const double slope = -z / (1 + std::exp(z * logit)) * mean;
    binding.output(0)[i] = scale * slope;
    binding.output(1)[0] += slope * scale * x[i];
    binding.output(2)[0] += slope;
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [work = pair_loss_work(binding, true, 0), dloss = binding.input(3),
          dsimilarity = binding.output(0), dscale = binding.output(1), dbias = binding.output(2)] {
    cpu::sigmoid_loss_gradient(work, dloss, dsimilarity, dscale, dbias);
  };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  const int64_t size = binding.in(0)[0];
  Dispatch rows = pair_loss_rows(binding, "sigmoid_loss", "sigmoid_loss_backward");
  rows.buffers = {binding.input(0), binding.input(1),  binding.input(2),
                  binding.input(3), binding.output(0), binding.scratch};
  rows.writes = 0b110000;
  return {std::move(rows), pair_loss_sum(binding, binding.output(1), 0, size, 1),
          pair_loss_sum(binding, binding.output(2), size, size, 1)};
}

const Op& sigmoid_loss_gradient_op = register_op({.name = "sigmoid_loss_gradient",
                                                  .infer = gradient_infer,
                                                  .reference = gradient_reference,
                                                  .cpu = gradient_cpu,
                                                  .vulkan = gradient_vulkan,
                                                  .scratch = pair_loss_scratch});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(sigmoid_loss_gradient_op, {context.inputs[0], context.inputs[1], context.inputs[2],
                                          context.output_gradients[0]});
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, int64_t size, double logit_scale, double logit_bias,
                     double range = 1) {
    const TensorType scalar{DType::f32, {}};
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, {size, size}}, .low = -range, .high = range},
                             {.type = scalar, .low = logit_scale, .high = logit_scale},
                             {.type = scalar, .low = logit_bias, .high = logit_bias}},
                  .build = [](const auto& in) -> std::vector<Tensor> {
                    return {sigmoid_loss(in[0], in[1], in[2])};
                  }};
  };
  OpCase vectors = of("scale and bias of one axis", 3, 1, 0);
  vectors.inputs[1].type.shape = vectors.inputs[2].type.shape = {1};
  OpCase oblong = of("oblong similarities", 3, 1, 0);
  oblong.inputs[0].type.shape = {3, 4};
  OpCase two_biases = of("two biases", 3, 1, 0);
  two_biases.inputs[2].type.shape = {2};
  oblong.refused = two_biases.refused = true;
  return {of("a few pairs", 5, 2.3026, -10),
          of("one pair", 1, 1, 0.5),
          of("no bias", 17, 1, 0),
          of("large logits", 20, 4.6, -10),
          of("more than one workgroup", 150, 2, -10),
          of("all alike", 12, 2, -10, 0),
          vectors,
          oblong,
          two_biases};
}

const Op& sigmoid_loss_op = register_op({.name = "sigmoid_loss",
                                         .infer = infer,
                                         .gradient = gradient,
                                         .reference = reference,
                                         .cpu = cpu,
                                         .vulkan = vulkan,
                                         .scratch = pair_loss_scratch,
                                         .cases = cases});

}  // namespace

Tensor sigmoid_loss(Tensor similarity, Tensor logit_scale, Tensor logit_bias) {
  return apply(sigmoid_loss_op, {similarity, logit_scale, logit_bias})[0];
}

}  // namespace tandem
