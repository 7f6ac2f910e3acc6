// Dropout.   y = x mask / (1 - p)      dx = dy mask / (1 - p): the same op with the same numbers
#include "autograd/ops/dropout.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/dropout.h"
#include "core/cpu/threads.h"
#include "core/philox.h"

#include <bit>
#include <cmath>

namespace tandem {

namespace {

std::vector<TensorType> infer(const OpContext& context) {
  const double probability = context.attributes->number("probability");
  const int64_t use = context.attributes->integer("use");
  if (context.inputs[0]->dtype != DType::f32) {
    fail<ShapeError>("dropout: x is {}; expected f32.", context.inputs[0]->str());
  }
  if (*context.inputs[1] != TensorType{DType::i32, {5}}) {
    fail<ShapeError>("dropout: seed is {}; expected i32 [5].", context.inputs[1]->str());
  }
  if (!(probability >= 0 && probability < 1)) {
    fail<ShapeError>("dropout: the probability is {}; expected one in [0, 1).", probability);
  }
  if (use < 0 || use > int64_t{UINT32_MAX}) {
    fail<ShapeError>("dropout: use is {}; expected a number in [0, 2^32).", use);
  }
  return {*context.inputs[0]};
}

uint32_t threshold_of(const OpContext& context) {
  const double words = std::round(context.attributes->number("probability") * 0x1p32);
  return static_cast<uint32_t>(std::min(words, 0x1p32 - 1));
}

double factor_of(const OpContext& context) {
  return 1.0 / (1.0 - context.attributes->number("probability"));
}

uint32_t use_of(const OpContext& context) {
  return static_cast<uint32_t>(context.attributes->integer("use"));
}

void reference(const ReferenceBinding& binding) {
  const auto word = [&](size_t i) {
    return static_cast<uint64_t>(static_cast<uint32_t>(static_cast<int64_t>(binding.input(1)[i])));
  };
  Random random(word(0) | word(1) << 32, word(2) | word(3) << 32, use_of(binding),
                RandomUse::dropout);
  const size_t count = binding.input(0).size();
  random.seek(word(4) * count);
  const uint32_t threshold = threshold_of(binding);
  for (size_t i = 0; i < count; ++i) {
    const bool dropped = random.bits() < threshold;
    binding.output(0)[i] = dropped ? 0.0 : binding.input(0)[i] * factor_of(binding);
  }
}

std::function<void()> cpu(const CpuBinding& binding) {
  const float* x = binding.input(0);
  const auto* seed = binding.input<uint32_t>(1);
  float* y = binding.output(0);
  const int64_t count = binding.out(0).elements();
  const uint32_t threshold = threshold_of(binding);
  const auto factor = static_cast<float>(factor_of(binding));
  const uint32_t use = use_of(binding);
  Threads* threads = binding.threads;
  return [=] {
    const DropoutStream stream{
        {seed[2], use, static_cast<uint32_t>(RandomUse::dropout) ^ (seed[3] << 8)},
        {seed[0], seed[1]},
        seed[4] * static_cast<uint64_t>(count)};
    threads->ranges(count, 16384, [&](int64_t begin, int64_t end) {
      cpu_dropout(stream, threshold, factor, x, y, begin, end);
    });
  };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t count = binding.out(0).elements();
  const size_t each = sizeof(float);
  std::vector<Dispatch> all;
  for (const RowRun& run : row_runs("dropout", *binding.device, count, {each}, 4)) {
    Dispatch dispatch;
    dispatch.shader = "dropout";
    dispatch.buffers = {run.of(binding.input(0), each), binding.input(1),
                        run.of(binding.output(0), each)};
    dispatch.writes = 0b100;
    dispatch.push = {threshold_of(binding),
                     std::bit_cast<uint32_t>(static_cast<float>(factor_of(binding))),
                     use_of(binding),
                     static_cast<uint32_t>(RandomUse::dropout),
                     static_cast<uint32_t>(count),
                     static_cast<uint32_t>(run.begin)};
    all.push_back(strided_dispatch(*binding.device, std::move(dispatch), run.count, 512));
  }
  return all;
}

std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& shape, double probability) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, shape}},
                             {.type = {DType::i32, {5}}, .low = -2e9, .high = 2e9}},
                  .build = [=](const auto& in) -> std::vector<Tensor> {
                    return {dropout(in[0], probability, in[1], 7)};
                  }};
  };
  OpCase refused = item("certain", {3}, 1.0);
  refused.refused = true;
  OpCase no_seed = item("half a seed", {3}, 0.5);
  no_seed.inputs[1].type.shape = {4};
  no_seed.refused = true;
  return {item("a tenth", {3, 7}, 0.1),
          item("one element", {1}, 0.5),
          item("most", {5, 1031}, 0.9),
          item("none", {4}, 0.0),
          refused,
          no_seed};
}

std::vector<Tensor> gradient(const GradientContext& context);

const Op& dropout_op = register_op({.name = "dropout",
                                    .infer = infer,
                                    .gradient = gradient,
                                    .reference = reference,
                                    .cpu = cpu,
                                    .vulkan = vulkan,
                                    .cases = cases,
                                    .in_place = {0}});

std::vector<Tensor> gradient(const GradientContext& context) {
  return {
      apply(dropout_op, {context.output_gradients[0], context.inputs[1]}, *context.attributes)[0],
      Tensor()};
}

}  // namespace

Tensor dropout(Tensor x, double probability, Tensor seed, int64_t use) {
  if (probability == 0.0) return x;
  return apply(dropout_op, {x, seed}, {{"probability", probability}, {"use", use}})[0];
}

}  // namespace tandem
