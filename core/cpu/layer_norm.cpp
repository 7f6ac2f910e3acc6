#include "core/cpu/layer_norm.h"

#include "core/cpu/thread_scratch.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/layer_norm.cpp"
#include "hwy/foreach_target.h"

// After foreach_target.h, as Highway asks; the blank line keeps it so.
#include "core/cpu/row_math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

void layer_norm_rows(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* rstd, int64_t rows, int64_t columns, float epsilon) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    const float sum = sum_row(
        d, columns, [&](int64_t i, int64_t count) HWY_ATTR { return load_some(d, x + i, count); });
    const auto middle = hn::Set(d, sum / static_cast<float>(columns));
    const float squares = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
      const auto centred = keep_some(d, hn::Sub(load_some(d, x + i, count), middle), count);
      return hn::Mul(centred, centred);
    });
    mean[row] = sum / static_cast<float>(columns);
    rstd[row] = 1.0f / std::sqrt(squares / static_cast<float>(columns) + epsilon);
    const auto factor = hn::Set(d, rstd[row]);
    for (int64_t i = 0; i < columns; i += lanes) {
      const int64_t count = columns - i;
      const auto normal = hn::Mul(hn::Sub(load_some(d, x + i, count), middle), factor);
      store_some(d,
                 hn::MulAdd(normal, load_some(d, gamma + i, count), load_some(d, beta + i, count)),
                 y + i, count);
    }
  }
}

// Rows [begin, end) of dx, and their share of dgamma and dbeta; `buffer` has a row's floats.
void layer_norm_gradient_rows(const cpu::LayerNormGradient& work, int64_t begin, int64_t end,
                              float* dgamma, float* dbeta, float* buffer) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t columns = work.columns;
  std::fill(dgamma, dgamma + columns, 0.0f);
  std::fill(dbeta, dbeta + columns, 0.0f);
  for (int64_t row = begin; row < end; ++row) {
    const float* x = work.x + row * columns;
    const float* dy = work.dy.view(row * columns, columns, buffer);
    float* dx = work.dx + row * columns;
    const auto mean = hn::Set(d, work.mean[row]);
    const auto rstd = hn::Set(d, work.rstd[row]);
    auto sum_g = hn::Zero(d), sum_gx = hn::Zero(d);
    for (int64_t i = 0; i < columns; i += lanes) {
      const int64_t count = columns - i;
      const auto slope = load_some(d, dy + i, count);
      const auto normal = hn::Mul(hn::Sub(load_some(d, x + i, count), mean), rstd);
      const auto g = hn::Mul(slope, load_some(d, work.gamma + i, count));
      sum_g = hn::Add(sum_g, g);
      sum_gx = hn::MulAdd(g, normal, sum_gx);
      store_some(d, hn::MulAdd(slope, normal, load_some(d, dgamma + i, count)), dgamma + i, count);
      store_some(d, hn::Add(slope, load_some(d, dbeta + i, count)), dbeta + i, count);
    }
    const auto width = static_cast<float>(columns);
    const auto mean_g = hn::Set(d, sum_lanes(d, sum_g) / width);
    const auto mean_gx = hn::Set(d, sum_lanes(d, sum_gx) / width);
    for (int64_t i = 0; i < columns; i += lanes) {
      const int64_t count = columns - i;
      const auto normal = hn::Mul(hn::Sub(load_some(d, x + i, count), mean), rstd);
      const auto g = hn::Mul(load_some(d, dy + i, count), load_some(d, work.gamma + i, count));
      const auto inner = hn::NegMulAdd(normal, mean_gx, hn::Sub(g, mean_g));
      store_some(d, hn::Mul(inner, rstd), dx + i, count);
    }
  }
}

// total[c] = sum over parts, in order, of partial[part, c] for c in [begin, end).
void sum_parts(const float* partial, int64_t parts, int64_t stride, int64_t begin, int64_t end,
               float* total) {
  const Floats d;
  for (int64_t c = begin; c < end; c += static_cast<int64_t>(hn::Lanes(d))) {
    auto sum = hn::Zero(d);
    for (int64_t part = 0; part < parts; ++part) {
      sum = hn::Add(sum, load_some(d, partial + part * stride + c, end - c));
    }
    store_some(d, sum, total + c, end - c);
  }
}

float length(const float* x, int64_t columns) {
  const Floats d;
  return std::sqrt(sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
    const auto v = load_some(d, x + i, count);
    return hn::Mul(v, v);
  }));
}

void l2_normalize_rows(const float* x, float* y, int64_t rows, int64_t columns, float epsilon) {
  const Floats d;
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    const float norm = length(x, columns);
    const auto factor = hn::Set(d, 1.0f / (norm < epsilon ? epsilon : norm));
    for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
      store_some(d, hn::Mul(load_some(d, x + i, columns - i), factor), y + i, columns - i);
    }
  }
}

void l2_normalize_gradient_rows(const float* x, const float* dy, float* dx, int64_t rows,
                                int64_t columns, float epsilon) {
  const Floats d;
  for (int64_t row = 0; row < rows; ++row, x += columns, dy += columns, dx += columns) {
    const float norm = length(x, columns);
    const float inverse = 1.0f / (norm < epsilon ? epsilon : norm);
    const auto factor = hn::Set(d, inverse);
    float along = 0;  // y . dy, of which a row shorter than epsilon keeps all
    if (!(norm < epsilon)) {
      along = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
        const auto y = hn::Mul(load_some(d, x + i, count), factor);
        return hn::Mul(y, load_some(d, dy + i, count));
      });
    }
    const auto share = hn::Set(d, along * inverse);
    for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
      const auto v = load_some(d, x + i, columns - i);
      const auto g = hn::NegMulAdd(v, share, load_some(d, dy + i, columns - i));
      store_some(d, hn::Mul(g, factor), dx + i, columns - i);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem::cpu {

HWY_EXPORT(layer_norm_rows);
HWY_EXPORT(layer_norm_gradient_rows);
HWY_EXPORT(sum_parts);
HWY_EXPORT(l2_normalize_rows);
HWY_EXPORT(l2_normalize_gradient_rows);

namespace {

thread_local ThreadScratch scratch;

int64_t rows_a_task(int64_t columns) { return std::max<int64_t>(1, 16384 / columns); }

// Parts of the gradient's sum over rows: enough for many threads, few enough to add up quickly.
int64_t gradient_rows_a_task(int64_t rows, int64_t columns) {
  return std::max<int64_t>({1, 32768 / columns, (rows + 63) / 64});
}

int64_t gradient_parts(int64_t rows, int64_t columns) {
  const int64_t grain = gradient_rows_a_task(rows, columns);
  return (rows + grain - 1) / grain;
}

}  // namespace

void layer_norm(Threads& threads, const float* x, const float* gamma, const float* beta,
                const Stored& y, float* mean, float* rstd, int64_t rows, int64_t columns,
                float epsilon) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    const int64_t at = begin * columns, count = (end - begin) * columns;
    float* to = y.floats();
    if (to != nullptr) {
      to += at;
    } else {
      scratch.reserve(count);
      to = scratch.take(count);
    }
    HWY_DYNAMIC_DISPATCH(layer_norm_rows)
    (x + at, gamma, beta, to, mean + begin, rstd + begin, end - begin, columns, epsilon);
    if (y.floats() == nullptr) y.store(to, at, count);
  });
}

size_t layer_norm_gradient_scratch(int64_t rows, int64_t columns) {
  return static_cast<size_t>(gradient_parts(rows, columns) * 2 * columns);
}

void layer_norm_gradient(Threads& threads, const LayerNormGradient& work) {
  const int64_t columns = work.columns;
  const int64_t grain = gradient_rows_a_task(work.rows, columns);
  threads.ranges(work.rows, grain, [&](int64_t begin, int64_t end) {
    float* part = work.scratch + begin / grain * 2 * columns;
    scratch.reserve(columns);
    HWY_DYNAMIC_DISPATCH(layer_norm_gradient_rows)
    (work, begin, end, part, part + columns, scratch.take(columns));
  });
  const int64_t parts = gradient_parts(work.rows, columns);
  threads.ranges(columns, 256, [&](int64_t begin, int64_t end) {
    const auto sum = HWY_DYNAMIC_DISPATCH(sum_parts);
    sum(work.scratch, parts, 2 * columns, begin, end, work.dgamma);
    sum(work.scratch + columns, parts, 2 * columns, begin, end, work.dbeta);
  });
}

void l2_normalize(Threads& threads, const float* x, float* y, int64_t rows, int64_t columns,
                  float epsilon) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    const int64_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(l2_normalize_rows)(x + at, y + at, end - begin, columns, epsilon);
  });
}

void l2_normalize_gradient(Threads& threads, const float* x, const float* dy, float* dx,
                           int64_t rows, int64_t columns, float epsilon) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    const int64_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(l2_normalize_gradient_rows)
    (x + at, dy + at, dx + at, end - begin, columns, epsilon);
  });
}

}  // namespace tandem::cpu
#endif
