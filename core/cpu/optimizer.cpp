#include "core/cpu/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/optimizer.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

#ifndef TANDEM_CPU_OPTIMIZER_TYPES
#define TANDEM_CPU_OPTIMIZER_TYPES
namespace tandem {

// What one block's update needs, worked out once a block.
struct AdamwBlock {
  float decay;  // 1 - lr * weight decay
  float rate;   // lr / (1 - beta1^t)
  float beta1;
  float beta2;
  float root;  // sqrt(1 - beta2^t)
  float epsilon;
  float gradient;  // clipping and scaling in one factor
  float lower;
  float upper;
};

struct SgdBlock {
  float decay;  // weight decay
  float rate;
  float momentum;
  float gradient;
  float lower;
  float upper;
};

}  // namespace tandem
#endif

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Sum of squares of a block's values.
float squares(const float* x, int64_t count) {
  const hn::CappedTag<float, arena_block> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, x + i);
    sum = hn::MulAdd(value, value, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < count; ++i) total += x[i] * x[i];
  return total;
}

// Comparisons, so that NaN stays.
template <class D, class Block, class V>
HWY_INLINE V bounded(D d, const Block& block, V p) {
  const auto lower = hn::Set(d, block.lower);
  const auto upper = hn::Set(d, block.upper);
  p = hn::IfThenElse(hn::Lt(p, lower), lower, p);
  return hn::IfThenElse(hn::Gt(p, upper), upper, p);
}

template <class D>
HWY_INLINE void update(D d, const AdamwBlock& block, const AdamwArenas& arenas, int64_t i) {
  const auto one = hn::Set(d, 1.0f);
  const auto beta1 = hn::Set(d, block.beta1);
  const auto beta2 = hn::Set(d, block.beta2);
  const auto g = hn::Mul(hn::LoadU(d, arenas.g + i), hn::Set(d, block.gradient));
  const auto m = hn::MulAdd(hn::Sub(one, beta1), g, hn::Mul(beta1, hn::LoadU(d, arenas.m + i)));
  const auto v =
      hn::MulAdd(hn::Mul(hn::Sub(one, beta2), g), g, hn::Mul(beta2, hn::LoadU(d, arenas.v + i)));
  hn::StoreU(m, d, arenas.m + i);
  hn::StoreU(v, d, arenas.v + i);
  const auto denominator =
      hn::Add(hn::Div(hn::Sqrt(v), hn::Set(d, block.root)), hn::Set(d, block.epsilon));
  const auto decayed = hn::Mul(hn::LoadU(d, arenas.p + i), hn::Set(d, block.decay));
  const auto p = hn::NegMulAdd(hn::Set(d, block.rate), hn::Div(m, denominator), decayed);
  hn::StoreU(bounded(d, block, p), d, arenas.p + i);
}

template <class D>
HWY_INLINE void update(D d, const SgdBlock& block, const SgdArenas& arenas, int64_t i) {
  const auto p = hn::LoadU(d, arenas.p + i);
  const auto g = hn::MulAdd(hn::LoadU(d, arenas.g + i), hn::Set(d, block.gradient),
                            hn::Mul(hn::Set(d, block.decay), p));
  const auto b = hn::MulAdd(hn::Set(d, block.momentum), hn::LoadU(d, arenas.b + i), g);
  hn::StoreU(b, d, arenas.b + i);
  hn::StoreU(bounded(d, block, hn::NegMulAdd(hn::Set(d, block.rate), b, p)), d, arenas.p + i);
}

template <class Block, class Arenas>
HWY_INLINE void update_block(const Block& block, const Arenas& arenas, int64_t first,
                             int64_t count) {
  const hn::CappedTag<float, arena_block> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) update(d, block, arenas, first + i);
  for (; i < count; ++i) update(one, block, arenas, first + i);
}

void adamw_block(const AdamwBlock& block, const AdamwArenas& arenas, int64_t first, int64_t count) {
  update_block(block, arenas, first, count);
}

void sgd_block(const SgdBlock& block, const SgdArenas& arenas, int64_t first, int64_t count) {
  update_block(block, arenas, first, count);
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(squares);
HWY_EXPORT(adamw_block);
HWY_EXPORT(sgd_block);

namespace {

constexpr int64_t task_blocks = 256;

// How many elements of a block hold values; 0 whatever else the table says.
int64_t values_in(const int32_t* blocks, int64_t block) {
  return std::clamp<int64_t>(blocks[2 * block + 1], 0, arena_block);
}

// Clipping and scaling in one.
float gradient_factor(const UpdateInputs& inputs) {
  const float max_norm = inputs.hyper[6];
  const float factor = inputs.hyper[7];
  if (max_norm <= 0) return factor;
  return factor * std::min(1.0f, max_norm / (*inputs.norm * factor + 1e-6f));
}

// Calls update(the block's group, its first element, how many there are) for every block that has
// values, unless the norm is not finite.
template <class Update>
void update_blocks(Threads& threads, const UpdateInputs& inputs, const Update& update) {
  if (!std::isfinite(*inputs.norm)) return;
  threads.ranges(inputs.count / arena_block, task_blocks, [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      const int64_t values = values_in(inputs.blocks, index);
      if (values == 0) continue;
      const int64_t group =
          std::clamp<int64_t>(inputs.blocks[2 * index], 0, inputs.group_count - 1);
      update(inputs.groups + 4 * group, index * arena_block, values);
    }
  });
}

}  // namespace

int64_t cpu_norm_scratch(int64_t count) {
  const int64_t blocks = count / arena_block;
  return (blocks + task_blocks - 1) / task_blocks;
}

void cpu_norm(Threads& threads, int64_t count, const float* arena, const int32_t* blocks,
              const float* loss, float* norm, double* scratch) {
  threads.ranges(count / arena_block, task_blocks, [=](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t block = begin; block < end; ++block) {
      sum += HWY_DYNAMIC_DISPATCH(squares)(arena + block * arena_block, values_in(blocks, block));
    }
    scratch[begin / task_blocks] = sum;
  });
  double total = 0;
  for (int64_t task = 0; task < cpu_norm_scratch(count); ++task) total += scratch[task];
  if (total > std::numeric_limits<float>::max()) total = std::numeric_limits<double>::infinity();
  if (!std::isfinite(*loss)) total = std::numeric_limits<double>::quiet_NaN();
  *norm = static_cast<float>(std::sqrt(total));
}

void cpu_adamw(Threads& threads, const AdamwArenas& arenas, const UpdateInputs& inputs) {
  const float* hyper = inputs.hyper;
  const AdamwBlock common{.beta1 = hyper[1],
                          .beta2 = hyper[2],
                          .root = std::sqrt(hyper[5]),
                          .epsilon = hyper[3],
                          .gradient = gradient_factor(inputs)};
  const float rate = hyper[0];
  const float correction = hyper[4];
  update_blocks(threads, inputs, [=, &arenas](const float* group, int64_t first, int64_t count) {
    AdamwBlock block = common;
    block.decay = 1.0f - rate * group[0] * group[1];
    block.rate = rate * group[0] / correction;
    block.lower = group[2];
    block.upper = group[3];
    HWY_DYNAMIC_DISPATCH(adamw_block)(block, arenas, first, count);
  });
}

void cpu_sgd(Threads& threads, const SgdArenas& arenas, const UpdateInputs& inputs) {
  const float rate = inputs.hyper[0];
  const float momentum = inputs.hyper[1];
  const float gradient = gradient_factor(inputs);
  update_blocks(threads, inputs, [=, &arenas](const float* group, int64_t first, int64_t count) {
    const SgdBlock block{.decay = group[1],
                         .rate = rate * group[0],
                         .momentum = momentum,
                         .gradient = gradient,
                         .lower = group[2],
                         .upper = group[3]};
    HWY_DYNAMIC_DISPATCH(sgd_block)(block, arenas, first, count);
  });
}

}  // namespace tandem
#endif
