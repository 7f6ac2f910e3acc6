// CLIP's symmetric cross entropy (Radford et al. 2021, figure 3), with label smoothing s.
//   z    = exp(t) similarity                                               t = logit_scale
//   loss = 1/2N sum_i (lse(row i of z) + lse(column i of z)) - (1-s)/N sum_i z_ii - s/NN sum_ij
//   z_ij dz   = (softmax by rows + softmax by columns - 2 (1-s) I - 2 s/N) dloss / 2N dsimilarity =
//   exp(t) dz        dt = sum_ij dz_ij z_ij
// similarity [N, N]   loss []   kept for backward: log-sum-exp of z's rows and columns [N]
#include "autograd/ops/losses.h"

#include "autograd/ops/pair_loss.h"
#include "core/cpu/losses.h"

#include <bit>
#include <cmath>

namespace tandem {

namespace {

double smoothing_of(const OpContext& context) { return context.attributes->number("smoothing"); }

std::vector<TensorType> infer(const OpContext& context) {
  require_pairs(context, "contrastive_loss");
  const double smoothing = smoothing_of(context);
  if (!(smoothing >= 0 && smoothing < 1)) {
    fail<ShapeError>("contrastive_loss: label_smoothing is {}; expected [0, 1).", smoothing);
  }
  const TensorType lse{DType::f32, {context.in(0)[0]}};
  return {{DType::f32, {}}, lse, lse};
}

// log sum exp of scale x[first], x[first + step], ... (count of them).
double log_sum_exp(const std::vector<double>& x, double scale, size_t first, size_t step,
                   size_t count) {
  double most = scale * x[first], sum = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, scale * x[first + i * step]);
  for (size_t i = 0; i < count; ++i) sum += std::exp(scale * x[first + i * step] - most);
  return most + std::log(sum);
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto size = static_cast<size_t>(binding.in(0)[0]);
  const auto width = static_cast<double>(size);
  const double scale = std::exp(binding.input(1)[0]);
  const double smoothing = smoothing_of(binding);
  double& loss = binding.output(0)[0];
  for (size_t i = 0; i < size; ++i) {
    const double row = binding.output(1)[i] = log_sum_exp(x, scale, i * size, 1, size);
    const double column = binding.output(2)[i] = log_sum_exp(x, scale, i, size, size);
    loss += (row + column) / (2 * width) - (1 - smoothing) / width * scale * x[i * size + i];
    for (size_t j = 0; j < size; ++j) {
      loss -= smoothing / (width * width) * scale * x[i * size + j];
    }
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [work = pair_loss_work(binding, false, smoothing_of(binding)), loss = binding.output(0),
          rows = binding.output(1),
          columns = binding.output(2)] { cpu::contrastive_loss(work, loss, rows, columns); };
}

uint32_t smoothing_word(const OpContext& context) {
  return std::bit_cast<uint32_t>(static_cast<float>(smoothing_of(context)));
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t size = binding.in(0)[0];
  Dispatch rows = pair_loss_rows(binding, "contrastive_loss", "contrastive_loss_rows",
                                 {smoothing_word(binding)});
  rows.buffers = {binding.input(0), binding.input(1), binding.output(1), binding.scratch};
  rows.writes = 0b1100;
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  Dispatch columns{
      .shader = "contrastive_loss_columns",
      .buffers = {binding.input(0), binding.input(1), binding.output(2), binding.scratch},
      .writes = 0b1100,
      .push = {word(size)},
      .workgroups = {word((size + 31) / 32), 1, 1}};
  return {std::move(rows), std::move(columns),
          pair_loss_sum(binding, binding.output(0), 0, 2 * size, 1.0 / static_cast<double>(size))};
}

// Inputs similarity, logit_scale, lse of rows, lse of columns, dloss.
std::vector<TensorType> gradient_infer(const OpContext& context) {
  return {*context.inputs[0], *context.inputs[1]};
}

void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto size = static_cast<size_t>(binding.in(0)[0]);
  const double scale = std::exp(binding.input(1)[0]);
  const double smoothing = smoothing_of(binding);
  const double factor = binding.input(4)[0] / (2 * static_cast<double>(size));
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t row = i / size, column = i % size;
    const double z = scale * x[i];
    const double target =
        (row == column ? 2 * (1 - smoothing) : 0) + 2 * smoothing / static_cast<double>(size);
    const double dz = factor * (std::exp(z - binding.input(2)[row]) +
                                std::exp(z - binding.input(3)[column]) - target);
    binding.output(0)[i] = scale * dz;
    binding.output(1)[0] += dz * z;
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [work = pair_loss_work(binding, false, smoothing_of(binding)), rows = binding.input(2),
          columns = binding.input(3), dloss = binding.input(4), dsimilarity = binding.output(0),
          dscale = binding.output(1)] {
    cpu::contrastive_loss_gradient(work, rows, columns, dloss, dsimilarity, dscale);
  };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  Dispatch rows = pair_loss_rows(binding, "contrastive_loss", "contrastive_loss_backward",
                                 {smoothing_word(binding)});
  rows.buffers = {binding.input(0), binding.input(1),  binding.input(2), binding.input(3),
                  binding.input(4), binding.output(0), binding.scratch};
  rows.writes = 0b1100000;
  return {std::move(rows), pair_loss_sum(binding, binding.output(1), 0, binding.in(0)[0], 1)};
}

const Op& contrastive_loss_gradient_op = register_op({.name = "contrastive_loss_gradient",
                                                      .infer = gradient_infer,
                                                      .reference = gradient_reference,
                                                      .cpu = gradient_cpu,
                                                      .vulkan = gradient_vulkan,
                                                      .scratch = pair_loss_scratch});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(contrastive_loss_gradient_op,
               {context.inputs[0], context.inputs[1], context.outputs[1], context.outputs[2],
                context.output_gradients[0]},
               {{"smoothing", context.attributes->number("smoothing")}});
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, int64_t size, double logit_scale, double smoothing = 0,
                     double range = 1) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, {size, size}}, .low = -range, .high = range},
                             {.type = {DType::f32, {}}, .low = logit_scale, .high = logit_scale}},
                  .build = [smoothing](const auto& in) -> std::vector<Tensor> {
                    return {contrastive_loss(in[0], in[1], smoothing)};
                  }};
  };
  OpCase vector_scale = of("a scale of one axis", 3, 1);
  vector_scale.inputs[1].type.shape = {1};
  OpCase oblong = of("oblong similarities", 3, 1);
  oblong.inputs[0].type.shape = {3, 4};
  OpCase two_scales = of("two scales", 3, 1);
  two_scales.inputs[1].type.shape = {2};
  oblong.refused = two_scales.refused = true;
  return {of("a few pairs", 5, 2.6593),
          of("smoothed", 9, 2, 0.1),
          of("two pairs", 2, 0),
          of("CLIP's largest scale", 33, 4.6052),
          of("more than one workgroup", 150, 2),
          of("all alike", 12, 2, 0, 0),
          vector_scale,
          oblong,
          two_scales};
}

const Op& contrastive_loss_op = register_op({.name = "contrastive_loss",
                                             .infer = infer,
                                             .gradient = gradient,
                                             .reference = reference,
                                             .cpu = cpu,
                                             .vulkan = vulkan,
                                             .scratch = pair_loss_scratch,
                                             .cases = cases});

}  // namespace

Tensor contrastive_loss(Tensor similarity, Tensor logit_scale, double label_smoothing) {
  return apply(contrastive_loss_op, {similarity, logit_scale}, {{"smoothing", label_smoothing}})[0];
}

}  // namespace tandem
