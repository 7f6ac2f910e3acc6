#include "core/cpu/softmax.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/softmax.cpp"
#include "hwy/foreach_target.h"

// After foreach_target.h, as Highway asks; the blank line keeps it so.
#include "core/cpu/row_math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

void softmax_rows(const float* x, float* y, int64_t rows, int64_t columns) {
  const Floats d;
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    const auto most = hn::Set(d, max_row(d, x, columns));
    const float sum = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
      const auto power = exponential(d, hn::Sub(load_some(d, x + i, count), most));
      store_some(d, power, y + i, count);
      return keep_some(d, power, count);
    });
    const auto factor = hn::Set(d, 1.0f / sum);
    for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
      store_some(d, hn::Mul(load_some(d, y + i, columns - i), factor), y + i, columns - i);
    }
  }
}

void softmax_gradient_rows(const float* y, const float* dy, float* dx, int64_t rows,
                           int64_t columns) {
  const Floats d;
  for (int64_t row = 0; row < rows; ++row, y += columns, dy += columns, dx += columns) {
    const float sum = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
      return hn::Mul(load_some(d, y + i, count), load_some(d, dy + i, count));
    });
    const auto mean = hn::Set(d, sum);
    for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
      const auto g = hn::Sub(load_some(d, dy + i, columns - i), mean);
      store_some(d, hn::Mul(load_some(d, y + i, columns - i), g), dx + i, columns - i);
    }
  }
}

void log_sum_exp_rows(const float* x, float* result, int64_t rows, int64_t columns) {
  const Floats d;
  for (int64_t row = 0; row < rows; ++row, x += columns) {
    const float largest = max_row(d, x, columns);
    const auto most = hn::Set(d, largest);
    const float sum = sum_row(d, columns, [&](int64_t i, int64_t count) HWY_ATTR {
      const auto power = exponential(d, hn::Sub(load_some(d, x + i, count), most));
      return keep_some(d, power, count);
    });
    result[row] = largest + std::log(sum);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem::cpu {

HWY_EXPORT(softmax_rows);
HWY_EXPORT(softmax_gradient_rows);
HWY_EXPORT(log_sum_exp_rows);

namespace {

int64_t rows_a_task(int64_t columns) { return std::max<int64_t>(1, 16384 / columns); }

}  // namespace

void softmax(Threads& threads, const float* x, float* y, int64_t rows, int64_t columns) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    const int64_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(softmax_rows)(x + at, y + at, end - begin, columns);
  });
}

void softmax_gradient(Threads& threads, const float* y, const float* dy, float* dx, int64_t rows,
                      int64_t columns) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    const int64_t at = begin * columns;
    HWY_DYNAMIC_DISPATCH(softmax_gradient_rows)(y + at, dy + at, dx + at, end - begin, columns);
  });
}

void row_log_sum_exp(Threads& threads, const float* x, float* result, int64_t rows,
                     int64_t columns) {
  threads.ranges(rows, rows_a_task(columns), [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(log_sum_exp_rows)
    (x + begin * columns, result + begin, end - begin, columns);
  });
}

}  // namespace tandem::cpu
#endif
