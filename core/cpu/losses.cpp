#include "core/cpu/losses.h"

#include "core/cpu/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/losses.cpp"
#include "hwy/foreach_target.h"

// After foreach_target.h, as Highway asks; the blank line keeps it so.
#include "core/cpu/losses_rows-inl.h"
#include "hwy/highway.h"

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(scaled_log_sum_exp);
HWY_EXPORT(plain_sum);
HWY_EXPORT(column_log_sum_exp);
HWY_EXPORT(cross_entropy_gradient_row);
HWY_EXPORT(contrastive_gradient_row);
HWY_EXPORT(softplus_row);
HWY_EXPORT(sigmoid_gradient_row);

namespace cpu {

namespace {

int64_t rows_a_task(int64_t columns) { return std::max<int64_t>(1, 4096 / columns); }

double total(const double* parts, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += parts[i];
  return sum;
}

}  // namespace

void cross_entropy(const CrossEntropy& work, float* loss, float* row_lse, float* counted) {
  const int64_t columns = work.columns;
  const double smoothing = work.smoothing;
  row_log_sum_exp(*work.threads, work.logits, row_lse, work.rows, columns);
  work.threads->ranges(work.rows, rows_a_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = work.logits + row * columns;
      const int64_t label = work.labels[row];
      const bool known = label >= 0 && label < columns;
      const double target = known ? x[label] : std::numeric_limits<double>::quiet_NaN();
      const double even = smoothing == 0 ? 0.0
                                         : HWY_DYNAMIC_DISPATCH(plain_sum)(x, columns) /
                                               static_cast<double>(columns);
      work.losses[row] =
          static_cast<float>(row_lse[row] - (1 - smoothing) * target - smoothing * even);
    }
  });
  double sum = 0;
  int64_t count = 0;
  for (int64_t row = 0; row < work.rows; ++row) {
    if (work.labels[row] == work.ignored) continue;
    sum += work.losses[row];
    ++count;
  }
  *counted = static_cast<float>(count);
  *loss = static_cast<float>(sum / static_cast<double>(count));
}

void cross_entropy_gradient(const CrossEntropy& work, const float* row_lse, const float* counted,
                            const float* dloss, float* dlogits) {
  const int64_t columns = work.columns;
  const float factor = *dloss / *counted;
  const auto smooth = static_cast<float>(work.smoothing / static_cast<double>(columns));
  const auto target = static_cast<float>(1 - work.smoothing);
  work.threads->ranges(work.rows, rows_a_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* dx = dlogits + row * columns;
      const int64_t label = work.labels[row];
      if (label == work.ignored) {
        std::fill(dx, dx + columns, 0.0f);
        continue;
      }
      HWY_DYNAMIC_DISPATCH(cross_entropy_gradient_row)
      (work.logits + row * columns, columns, row_lse[row], factor, smooth, dx);
      if (label >= 0 && label < columns) dx[label] -= factor * target;
    }
  });
}

size_t pair_loss_scratch(int64_t size) { return static_cast<size_t>(size) * 2 * sizeof(double); }

void contrastive_loss(const PairLoss& work, float* loss, float* row_lse, float* column_lse) {
  const int64_t size = work.size;
  const float scale = std::exp(*work.logit_scale);
  const auto width = static_cast<double>(size);
  auto* parts = reinterpret_cast<double*>(work.scratch);
  work.threads->ranges(size, rows_a_task(size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = work.similarity + row * size;
      row_lse[row] = HWY_DYNAMIC_DISPATCH(scaled_log_sum_exp)(x, size, scale);
      double given = (1 - work.smoothing) * x[row];
      if (work.smoothing != 0) {
        given += work.smoothing / width * HWY_DYNAMIC_DISPATCH(plain_sum)(x, size);
      }
      parts[row] = 0.5 * row_lse[row] - scale * given;
    }
  });
  work.threads->ranges(size, 64, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(column_log_sum_exp)
    (work.similarity, size, scale, begin, end, column_lse);
    for (int64_t c = begin; c < end; ++c) parts[c] += 0.5 * column_lse[c];
  });
  *loss = static_cast<float>(total(parts, size) / width);
}

void contrastive_loss_gradient(const PairLoss& work, const float* row_lse, const float* column_lse,
                               const float* dloss, float* dsimilarity, float* dlogit_scale) {
  const int64_t size = work.size;
  const float scale = std::exp(*work.logit_scale);
  const double outer = *dloss * static_cast<double>(scale) / (2.0 * static_cast<double>(size));
  const auto smooth = static_cast<float>(2 * work.smoothing / static_cast<double>(size));
  const double target = 2 * (1 - work.smoothing);
  auto* parts = reinterpret_cast<double*>(work.scratch);
  work.threads->ranges(size, rows_a_task(size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = work.similarity + row * size;
      float* dx = dsimilarity + row * size;
      parts[row] = HWY_DYNAMIC_DISPATCH(contrastive_gradient_row)(
          x, size, scale, row_lse[row], column_lse, static_cast<float>(outer), smooth, dx);
      parts[row] -= target * x[row];
      dx[row] -= static_cast<float>(outer * target);
    }
  });
  *dlogit_scale = static_cast<float>(outer * total(parts, size));
}

void sigmoid_loss(const PairLoss& work, float* loss) {
  const int64_t size = work.size;
  const float scale = std::exp(*work.logit_scale);
  const float bias = *work.logit_bias;
  auto* parts = reinterpret_cast<double*>(work.scratch);
  work.threads->ranges(size, rows_a_task(size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = work.similarity + row * size;
      const double logit = scale * x[row] + bias;
      const auto negatives = HWY_DYNAMIC_DISPATCH(softplus_row);
      parts[row] = negatives(x, row, scale, bias);
      parts[row] += negatives(x + row + 1, size - row - 1, scale, bias);
      parts[row] += std::max(-logit, 0.0) + std::log1p(std::exp(-std::fabs(logit)));
    }
  });
  *loss = static_cast<float>(total(parts, size) / static_cast<double>(size));
}

void sigmoid_loss_gradient(const PairLoss& work, const float* dloss, float* dsimilarity,
                           float* dlogit_scale, float* dlogit_bias) {
  const int64_t size = work.size;
  const float scale = std::exp(*work.logit_scale);
  const float bias = *work.logit_bias;
  const double mean = *dloss / static_cast<double>(size);
  const auto outer = static_cast<float>(mean * scale);
  auto* parts = reinterpret_cast<double*>(work.scratch);
  work.threads->ranges(size, rows_a_task(size), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = work.similarity + row * size;
      float* dx = dsimilarity + row * size;
      const auto negatives = HWY_DYNAMIC_DISPATCH(sigmoid_gradient_row);
      const double positive = -1 / (1 + std::exp(static_cast<double>(scale * x[row] + bias)));
      float left = 0, right = 0;
      parts[row] = negatives(x, row, scale, bias, outer, dx, &left);
      parts[row] +=
          negatives(x + row + 1, size - row - 1, scale, bias, outer, dx + row + 1, &right);
      parts[row] += positive * x[row];
      parts[size + row] = positive + left + right;
      dx[row] = static_cast<float>(outer * positive);
    }
  });
  *dlogit_scale = static_cast<float>(mean * scale * total(parts, size));
  *dlogit_bias = static_cast<float>(mean * total(parts + size, size));
}

}  // namespace cpu
}  // namespace tandem
#endif
