// Cross entropy with label smoothing (Szegedy et al. 2016, section 7), R rows that count.
//   loss    = 1/R sum over rows of lse(x) - (1 - s) x[label] - s mean(x)
//   dlogits = (softmax(x) - (1 - s) onehot(label) - s / V) dloss / R     0 in ignored rows
// logits [N, V]   labels [N]   loss []   kept for backward: lse [N], R [1]
#include "autograd/ops/losses.h"

#include "autograd/ops/require.h"
#include "autograd/ops/row_runs.h"
#include "core/cpu/losses.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tandem {

namespace {

double smoothing_of(const OpContext& context) { return context.attributes->number("smoothing"); }
int64_t ignored_of(const OpContext& context) { return context.attributes->integer("ignored"); }

std::vector<TensorType> infer(const OpContext& context) {
  require_f32(context, "cross_entropy", 1);
  const Shape& logits = context.in(0);
  if (logits.rank() != 2 || logits.elements() < 1) {
    fail<ShapeError>("cross_entropy: logits are {}; expected [N, V] with no empty axis.", logits);
  }
  if (*context.inputs[1] != TensorType{DType::i32, {logits[0]}}) {
    fail<ShapeError>("cross_entropy: labels are {} but logits are {}; pass labels i32 [{}].",
                     context.inputs[1]->str(), logits, logits[0]);
  }
  const double smoothing = smoothing_of(context);
  if (!(smoothing >= 0 && smoothing < 1)) {
    fail<ShapeError>("cross_entropy: label_smoothing is {}; expected [0, 1).", smoothing);
  }
  return {{DType::f32, {}}, {DType::f32, {logits[0]}}, {DType::f32, {1}}};
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto columns = static_cast<size_t>(binding.in(0)[1]);
  const double smoothing = smoothing_of(binding);
  double total = 0, counted = 0;
  for (size_t row = 0; row * columns < x.size(); ++row) {
    const double* logits = x.data() + row * columns;
    const double most = *std::max_element(logits, logits + columns);
    double sum = 0, mean = 0;
    for (size_t c = 0; c < columns; ++c) {
      sum += std::exp(logits[c] - most);
      mean += logits[c] / static_cast<double>(columns);
    }
    const double lse = binding.output(1)[row] = most + std::log(sum);
    const double label = binding.input(1)[row];
    if (label == static_cast<double>(ignored_of(binding))) continue;
    const bool known = label >= 0 && label < static_cast<double>(columns);
    const double target = known ? logits[static_cast<size_t>(label)] : std::nan("");
    total += lse - (1 - smoothing) * target - smoothing * mean;
    counted += 1;
  }
  binding.output(0)[0] = total / counted;
  binding.output(2)[0] = counted;
}

// Each row's term, and on Vulkan whether it counts, from an aligned place on.
size_t rows_bytes(int64_t rows) {
  return static_cast<size_t>((rows + 63) / 64 * 64) * sizeof(float);
}

size_t scratch(const OpContext& context, const DeviceInfo& device) {
  return rows_bytes(context.in(0)[0]) * (device.backend == "cpu" ? 1 : 2);
}

cpu::CrossEntropy work_of(const CpuBinding& binding) {
  return {.threads = binding.threads,
          .logits = binding.input(0),
          .labels = binding.input<int32_t>(1),
          .losses = reinterpret_cast<float*>(binding.scratch),
          .rows = binding.in(0)[0],
          .columns = binding.in(0)[1],
          .ignored = ignored_of(binding),
          .smoothing = smoothing_of(binding)};
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [work = work_of(binding), loss = binding.output(0), lse = binding.output(1),
          counted = binding.output(2)] { cpu::cross_entropy(work, loss, lse, counted); };
}

std::vector<uint32_t> option_words(const OpContext& context) {
  return {static_cast<uint32_t>(ignored_of(context)),
          std::bit_cast<uint32_t>(static_cast<float>(smoothing_of(context)))};
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  const int64_t rows = binding.in(0)[0], columns = binding.in(0)[1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float), one = sizeof(float);
  const size_t half = rows_bytes(rows), used = static_cast<size_t>(rows) * one;
  const BufferRange terms{binding.scratch.memory, binding.scratch.offset, used};
  const BufferRange counts{binding.scratch.memory, binding.scratch.offset + half, used};
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : row_runs("cross_entropy", *binding.device, rows, {bytes, one})) {
    Dispatch dispatch = row_dispatch(*binding.device, "cross_entropy_forward", run.count, columns,
                                     option_words(binding));
    dispatch.buffers = {run.of(binding.input(0), bytes), run.of(binding.input(1), one),
                        run.of(binding.output(1), one), run.of(terms, one), run.of(counts, one)};
    dispatch.writes = 0b11100;
    dispatches.push_back(std::move(dispatch));
  }
  Dispatch mean = row_dispatch(*binding.device, "cross_entropy_mean", 1, rows);
  mean.buffers = {terms, counts, binding.output(0), binding.output(2)};
  mean.writes = 0b1100;
  dispatches.push_back(std::move(mean));
  return dispatches;
}

// Inputs logits, labels, lse, counted, dloss.
std::vector<TensorType> gradient_infer(const OpContext& context) { return {*context.inputs[0]}; }

void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& x = binding.input(0);
  const auto columns = static_cast<size_t>(binding.in(0)[1]);
  const double smoothing = smoothing_of(binding);
  const double factor = binding.input(4)[0] / binding.input(3)[0];
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t row = i / columns;
    const double label = binding.input(1)[row];
    if (label == static_cast<double>(ignored_of(binding))) continue;
    const double target = label == static_cast<double>(i % columns) ? 1 - smoothing : 0;
    const double p = std::exp(x[i] - binding.input(2)[row]);
    binding.output(0)[i] = factor * (p - target - smoothing / static_cast<double>(columns));
  }
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [work = work_of(binding), lse = binding.input(2), counted = binding.input(3),
          dloss = binding.input(4), dlogits = binding.output(0)] {
    cpu::cross_entropy_gradient(work, lse, counted, dloss, dlogits);
  };
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  const int64_t rows = binding.in(0)[0], columns = binding.in(0)[1];
  const size_t bytes = static_cast<size_t>(columns) * sizeof(float), one = sizeof(float);
  std::vector<Dispatch> dispatches;
  for (const RowRun& run : row_runs("cross_entropy", *binding.device, rows, {bytes, one})) {
    Dispatch dispatch = row_dispatch(*binding.device, "cross_entropy_backward", run.count, columns,
                                     option_words(binding));
    dispatch.buffers = {run.of(binding.input(0), bytes),
                        run.of(binding.input(1), one),
                        run.of(binding.input(2), one),
                        binding.input(3),
                        binding.input(4),
                        run.of(binding.output(0), bytes)};
    dispatch.writes = 0b100000;
    dispatches.push_back(std::move(dispatch));
  }
  return dispatches;
}

const Op& cross_entropy_gradient_op = register_op({.name = "cross_entropy_gradient",
                                                   .infer = gradient_infer,
                                                   .reference = gradient_reference,
                                                   .cpu = gradient_cpu,
                                                   .vulkan = gradient_vulkan});

std::vector<Tensor> gradient(const GradientContext& context) {
  const Attributes& attributes = *context.attributes;
  return {apply(cross_entropy_gradient_op,
                {context.inputs[0], context.inputs[1], context.outputs[1], context.outputs[2],
                 context.output_gradients[0]},
                {{"smoothing", attributes.number("smoothing")},
                 {"ignored", attributes.integer("ignored")}})[0],
          Tensor()};
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, int64_t rows, int64_t columns, double range,
                     double smoothing = 0, int64_t ignored = -100) {
    return OpCase{
        .name = std::move(name),
        .inputs = {{.type = {DType::f32, {rows, columns}}, .low = -range, .high = range},
                   {.type = {DType::i32, {rows}}, .low = 0, .high = static_cast<double>(columns)}},
        .build = [=](const auto& in) -> std::vector<Tensor> {
          return {cross_entropy(in[0], in[1], smoothing, ignored)};
        }};
  };
  OpCase short_labels = of("too few labels", 3, 4, 1);
  short_labels.inputs[1].type.shape = {2};
  OpCase float_labels = of("labels that are not whole", 3, 4, 1);
  float_labels.inputs[1].type.dtype = DType::f32;
  OpCase much_smoothing = of("smoothing of 1", 3, 4, 1, 1);
  short_labels.refused = float_labels.refused = much_smoothing.refused = true;
  return {of("a few classes", 5, 7, 2),
          of("one row", 1, 4, 1),
          of("smoothed", 6, 19, 2, 0.1),
          of("some rows ignored", 40, 3, 2, 0.2, 1),
          of("many classes", 3, 1500, 4),
          of("many rows", 300, 10, 2),
          of("large magnitudes", 4, 20, 80),
          of("constant rows", 4, 9, 0),
          short_labels,
          float_labels,
          much_smoothing};
}

const Op& cross_entropy_op = register_op({.name = "cross_entropy",
                                          .infer = infer,
                                          .gradient = gradient,
                                          .reference = reference,
                                          .cpu = cpu,
                                          .vulkan = vulkan,
                                          .scratch = scratch,
                                          .cases = cases});

}  // namespace

Tensor cross_entropy(Tensor logits, Tensor labels, double label_smoothing, int64_t ignore_index) {
  return apply(cross_entropy_op, {logits, labels},
               {{"smoothing", label_smoothing}, {"ignored", ignore_index}})[0];
}

}  // namespace tandem
