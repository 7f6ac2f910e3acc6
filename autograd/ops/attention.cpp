// Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2) without T x T matrices
// in memory (Dao et al. 2022, "FlashAttention", algorithms 1 and 4).
//   S = q k' / sqrt(D)    P = softmax(S)    out = P v
//   dv = P' dout    dP = dout v'    dS = P (dP - rowsum(dout out))
//   dq = dS k / sqrt(D)    dk = dS' q / sqrt(D)            P again from exp(S - lse)
// qkv [N, T, 3C]   out [N, T, C]   kept for backward: lse [N, H, T], log-sum-exp of the rows of S
#include "autograd/ops/attention.h"

#include "autograd/cost.h"
#include "autograd/ops/attention_vulkan.h"
#include "autograd/ops/require.h"
#include "autograd/ops/stored.h"
#include "autograd/remake.h"
#include "core/cpu/attention.h"

#include <algorithm>
#include <cmath>

namespace tandem {

namespace {

cpu::AttentionShape shape_of(const OpContext& context) {
  const Shape& qkv = context.in(0);
  const int64_t heads = context.attributes->integer("heads");
  return {.samples = qkv[0],
          .tokens = qkv[1],
          .heads = heads,
          .width = qkv[2] / 3 / heads,
          .causal = context.attributes->flag("causal")};
}

std::vector<TensorType> infer(const OpContext& context) {
  require_f32(context, "attention", 1);
  const Shape& qkv = context.in(0);
  const int64_t heads = context.attributes->integer("heads");
  if (qkv.rank() != 3 || qkv.elements() < 1) {
    fail<ShapeError>("attention: qkv is {}; expected [N, T, 3C] with no empty axis.", qkv);
  }
  if (heads < 1 || qkv[2] % (3 * heads) != 0) {
    fail<ShapeError>(
        "attention: the last axis of qkv {} is {}, which is not 3 x {} heads of one width; pass a "
        "width that the heads divide.",
        qkv, qkv[2], heads);
  }
  return {{DType::f32, {qkv[0], qkv[1], qkv[2] / 3}}, {DType::f32, {qkv[0], heads, qkv[1]}}};
}

// One head of one sample, for the reference: element (token, channel of the head) of each part.
struct ReferenceHead {
  cpu::AttentionShape shape;
  int64_t sample;
  int64_t head;

  // Index in out; part 0, 1, 2 (q, k, v) gives that in qkv.
  size_t out(int64_t token, int64_t d) const {
    const int64_t channels = shape.heads * shape.width;
    return static_cast<size_t>((sample * shape.tokens + token) * channels + head * shape.width + d);
  }
  size_t at(int part, int64_t token, int64_t d) const {
    const int64_t channels = shape.heads * shape.width;
    return static_cast<size_t>(((sample * shape.tokens + token) * 3 + part) * channels +
                               head * shape.width + d);
  }
  size_t lse(int64_t token) const {
    return static_cast<size_t>((sample * shape.heads + head) * shape.tokens + token);
  }
  int64_t seen(int64_t query) const { return shape.causal ? query + 1 : shape.tokens; }
  double scale() const { return 1 / std::sqrt(static_cast<double>(shape.width)); }
  double score(const std::vector<double>& qkv, int64_t query, int64_t key) const {
    double sum = 0;
    for (int64_t d = 0; d < shape.width; ++d) sum += qkv[at(0, query, d)] * qkv[at(1, key, d)];
    return sum * scale();
  }
};

template <class Visit>
void each_head(const cpu::AttentionShape& shape, Visit&& visit) {
  for (int64_t sample = 0; sample < shape.samples; ++sample) {
    for (int64_t head = 0; head < shape.heads; ++head) visit(ReferenceHead{shape, sample, head});
  }
}

void reference(const ReferenceBinding& binding) {
  const std::vector<double>& qkv = binding.input(0);
  each_head(shape_of(binding), [&](const ReferenceHead& head) {
    for (int64_t query = 0; query < head.shape.tokens; ++query) {
      std::vector<double> row;
      for (int64_t key = 0; key < head.seen(query); ++key) {
        row.push_back(head.score(qkv, query, key));
      }
      const double most = *std::max_element(row.begin(), row.end());
      double sum = 0;
      for (const double score : row) sum += std::exp(score - most);
      const double lse = most + std::log(sum);
      binding.output(1)[head.lse(query)] = lse;
      for (int64_t key = 0; key < head.seen(query); ++key) {
        const double p = std::exp(row[static_cast<size_t>(key)] - lse);
        for (int64_t d = 0; d < head.shape.width; ++d) {
          binding.output(0)[head.out(query, d)] += p * qkv[head.at(2, key, d)];
        }
      }
    }
  });
}

std::function<void()> cpu(const CpuBinding& binding) {
  return [threads = binding.threads, shape = shape_of(binding), qkv = stored_input(binding, 0),
          out = stored_output(binding, 0),
          lse = binding.output(1)] { cpu::attention(*threads, shape, qkv, out, lse); };
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  return attention_dispatches(binding, shape_of(binding));
}

// Inputs qkv, out, lse, dout.
std::vector<TensorType> gradient_infer(const OpContext& context) { return {*context.inputs[0]}; }

void gradient_reference(const ReferenceBinding& binding) {
  const std::vector<double>& qkv = binding.input(0);
  const std::vector<double>& dout = binding.input(3);
  std::vector<double>& dqkv = binding.output(0);
  each_head(shape_of(binding), [&](const ReferenceHead& head) {
    const int64_t width = head.shape.width;
    for (int64_t query = 0; query < head.shape.tokens; ++query) {
      double delta = 0;
      for (int64_t d = 0; d < width; ++d) {
        delta += dout[head.out(query, d)] * binding.input(1)[head.out(query, d)];
      }
      for (int64_t key = 0; key < head.seen(query); ++key) {
        const double p = std::exp(head.score(qkv, query, key) - binding.input(2)[head.lse(query)]);
        double dp = 0;
        for (int64_t d = 0; d < width; ++d) {
          dp += dout[head.out(query, d)] * qkv[head.at(2, key, d)];
        }
        const double ds = p * (dp - delta) * head.scale();
        for (int64_t d = 0; d < width; ++d) {
          dqkv[head.at(0, query, d)] += ds * qkv[head.at(1, key, d)];
          dqkv[head.at(1, key, d)] += ds * qkv[head.at(0, query, d)];
          dqkv[head.at(2, key, d)] += p * dout[head.out(query, d)];
        }
      }
    }
  });
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return [threads = binding.threads, shape = shape_of(binding), qkv = stored_input(binding, 0),
          out = stored_input(binding, 1), lse = binding.input(2), dout = stored_input(binding, 3),
          dqkv = stored_output(binding, 0)] {
    cpu::attention_gradient(*threads, shape, qkv, out, lse, dout, dqkv);
  };
}

// delta [N, H, T] goes from the pass over queries to that over keys.
size_t gradient_scratch(const OpContext& context, const DeviceInfo& device) {
  return device.backend == "cpu" ? 0 : context.inputs[2]->bytes();
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  return attention_gradient_dispatches(binding, shape_of(binding));
}

const Op& attention_gradient_op = register_op({.name = "attention_gradient",
                                               .infer = gradient_infer,
                                               .reference = gradient_reference,
                                               .cpu = gradient_cpu,
                                               .vulkan = gradient_vulkan,
                                               .scratch = gradient_scratch,
                                               .low_inputs = {0, 1, 3},
                                               .low_outputs = {0}});

std::vector<Tensor> gradient(const GradientContext& context) {
  return apply(
      attention_gradient_op,
      {context.inputs[0], context.outputs[0], context.outputs[1], context.output_gradients[0]},
      {{"heads", context.attributes->integer("heads")},
       {"causal", context.attributes->integer("causal")}});
}

std::vector<OpCase> cases() {
  const auto of = [](std::string name, const Shape& qkv, int64_t heads, bool causal,
                     double range = 1) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, qkv}, .low = -range, .high = range}},
                  .build = [=](const auto& in) -> std::vector<Tensor> {
                    return {attention(in[0], heads, causal)};
                  }};
  };
  OpCase uneven = of("heads that do not divide", {1, 4, 30}, 4, false);
  OpCase flat = of("two axes", {4, 24}, 2, false);
  uneven.refused = flat.refused = true;
  // Scores of tens of thousands, which fp32 holds to a few thousandths.
  OpCase large = of("large magnitudes", {1, 9, 48}, 1, false, 200);
  large.inputs[0].differentiable = false;
  large.tolerance = 1e-2;
  return {of("two heads", {2, 5, 48}, 2, false),
          of("two heads, causal", {2, 5, 48}, 2, true),
          of("one token", {2, 1, 24}, 1, false),
          of("one token, causal", {2, 1, 24}, 1, true),
          of("one element a head", {1, 3, 6}, 2, false),
          of("an odd width", {1, 19, 2 * 3 * 13}, 2, true),
          of("sharp rows", {1, 9, 48}, 1, false, 4),
          large,
          of("constant rows", {1, 7, 48}, 2, true, 0),
          of("an image's tokens", {1, 65, 2 * 3 * 32}, 2, false),
          of("a text's tokens", {1, 77, 3 * 16}, 1, true),
          of("several blocks of rows", {1, 130, 3 * 16}, 1, false),
          of("wide heads", {1, 11, 3 * 128}, 1, true),
          uneven,
          flat};
}

const Op& attention_op = register_op({.name = "attention",
                                      .infer = infer,
                                      .gradient = gradient,
                                      .reference = reference,
                                      .cpu = cpu,
                                      .vulkan = vulkan,
                                      .cases = cases,
                                      .low_inputs = {0},
                                      .low_outputs = {0}});


// Of so many products of T x T by D; a causal one needs its lower half only.
template <int products>
Cost cost(const OpContext& context) {
  const cpu::AttentionShape shape = shape_of(context);
  const auto T = static_cast<double>(shape.tokens);
  const double pairs = shape.causal ? T * (T + 1) / 2 : T * T;
  const auto channels = static_cast<double>(shape.heads * shape.width);
  return {2 * products * static_cast<double>(context.in(0)[0]) * pairs * channels,
          bytes_moved(context)};
}

// Where it is at most a thirty-sixth of the multiplications of its transformer block: of 12 C^2 a
// token, 2 T C are in here.
const RegisteredRemake attention_remake("attention", [](Node&, const OpContext& context) {
  const Shape& qkv = context.in(0);
  return 6 * qkv[1] <= qkv[2] / 3;
});

template <bool gradient>
Tunable tunable(const OpContext& context, const DeviceInfo& device) {
  return tunable_attention(shape_of(context), gradient, device);
}

const RegisteredTuning forward_tuning("attention", tunable<false>);
const RegisteredTuning gradient_tuning("attention_gradient", tunable<true>);

const RegisteredCost forward_cost("attention", cost<2>);
const RegisteredCost gradient_cost("attention_gradient", cost<5>);

}  // namespace

Tensor attention(Tensor qkv, int64_t heads, bool causal) {
  return apply(attention_op, {qkv}, {{"heads", heads}, {"causal", int64_t{causal}}})[0];
}

}  // namespace tandem
