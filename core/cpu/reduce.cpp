#include "core/cpu/reduce.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/reduce.cpp"
#include <hwy/foreach_target.h>  // compiles this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Sum of a run of elements: four vectors of partial sums a block, blocks added in double.
float sum_run(const float* x, int64_t count) {
  constexpr int64_t block = 4096;
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t end = std::min(begin + block, count);
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    int64_t i = begin;
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      s0 = hn::Add(s0, hn::LoadU(d, x + i));
      s1 = hn::Add(s1, hn::LoadU(d, x + i + lanes));
      s2 = hn::Add(s2, hn::LoadU(d, x + i + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(d, x + i + 3 * lanes));
    }
    for (; i + lanes <= end; i += lanes) s0 = hn::Add(s0, hn::LoadU(d, x + i));
    const auto sum = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
    total += hn::GetLane(hn::SumOfLanes(d, sum));
    for (; i < end; ++i) total += x[i];
  }
  return static_cast<float>(total);
}

// y[i] = factor * sum over r < rows of x[r * stride + i], i < columns.
void sum_columns(const float* x, int64_t rows, int64_t stride, int64_t columns, float factor,
                 float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto scale = hn::Set(d, factor);
  int64_t i = 0;
  for (; i + 4 * lanes <= columns; i += 4 * lanes) {
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    for (int64_t r = 0; r < rows; ++r) {
      const float* at = x + r * stride + i;
      s0 = hn::Add(s0, hn::LoadU(d, at));
      s1 = hn::Add(s1, hn::LoadU(d, at + lanes));
      s2 = hn::Add(s2, hn::LoadU(d, at + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(d, at + 3 * lanes));
    }
    hn::StoreU(hn::Mul(s0, scale), d, y + i);
    hn::StoreU(hn::Mul(s1, scale), d, y + i + lanes);
    hn::StoreU(hn::Mul(s2, scale), d, y + i + 2 * lanes);
    hn::StoreU(hn::Mul(s3, scale), d, y + i + 3 * lanes);
  }
  for (; i + lanes <= columns; i += lanes) {
    auto sum = hn::Zero(d);
    for (int64_t r = 0; r < rows; ++r) sum = hn::Add(sum, hn::LoadU(d, x + r * stride + i));
    hn::StoreU(hn::Mul(sum, scale), d, y + i);
  }
  for (; i < columns; ++i) {
    float sum = 0;
    for (int64_t r = 0; r < rows; ++r) sum += x[r * stride + i];
    y[i] = sum * factor;
  }
}

// One (outer, columns) piece of the largest elements.
void max_columns(const float* x, int64_t rows, int64_t stride, int64_t columns, float* y) {
  std::memcpy(y, x, static_cast<size_t>(columns) * sizeof(float));
  for (int64_t r = 1; r < rows; ++r) {
    const float* at = x + r * stride;
    for (int64_t i = 0; i < columns; ++i) {
      y[i] = (at[i] > y[i] || at[i] != at[i]) ? at[i] : y[i];  // a NaN in y[i] stays
    }
  }
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(sum_run);
HWY_EXPORT(sum_columns);
HWY_EXPORT(max_columns);

namespace {

constexpr int64_t task_elements = 16384;

// A row of columns that one task sums together.
constexpr int64_t chunk_columns = 512;

// The length is cut into parts, each summed by one task into scratch.
int64_t part_length(const ReduceSize& size) {
  if (size.inner == 1) return task_elements;
  const int64_t columns = std::min(size.inner, chunk_columns);
  return std::clamp<int64_t>(task_elements / columns, 64, 512);
}

int64_t parts_of(const ReduceSize& size) {
  return (size.length + part_length(size) - 1) / part_length(size);
}

// How many units of that many elements make a task worth a thread's while.
int64_t grain(int64_t elements) {
  return std::max<int64_t>(1, task_elements / std::max<int64_t>(1, elements));
}

// sums[o, part, i] = factor * sum over the part's l of x[o, l, i].
void sum_parts(Threads& threads, const ReduceSize& size, const float* x, float factor,
               float* sums) {
  const int64_t parts = parts_of(size);
  const int64_t length = part_length(size);
  const int64_t inner = size.inner;
  const int64_t chunks = (inner + chunk_columns - 1) / chunk_columns;
  const int64_t unit_elements = std::min(length, size.length) * std::min(inner, chunk_columns);
  const auto unit = [=](int64_t index) {
    const int64_t row = index / chunks;  // of [outer, parts]
    const int64_t column = index % chunks * chunk_columns;
    const int64_t first = row % parts * length;
    const int64_t count = std::min(length, size.length - first);
    const float* from = x + (row / parts * size.length + first) * inner + column;
    if (inner == 1) {
      sums[row] = HWY_DYNAMIC_DISPATCH(sum_run)(from, count) * factor;
    } else {
      HWY_DYNAMIC_DISPATCH(sum_columns)
      (from, count, inner, std::min(chunk_columns, inner - column), factor,
       sums + row * inner + column);
    }
  };
  threads.ranges(size.outer * parts * chunks, grain(unit_elements),
                 [=](int64_t begin, int64_t end) {
                   for (int64_t index = begin; index < end; ++index) unit(index);
                 });
}

}  // namespace

int64_t cpu_sum_scratch(const ReduceSize& size) {
  const int64_t parts = parts_of(size);
  return parts == 1 ? 0 : size.outer * parts * size.inner;
}

void cpu_sum(Threads& threads, const ReduceSize& size, const float* x, float factor, float* y,
             float* scratch) {
  const int64_t parts = parts_of(size);
  if (parts == 1) return sum_parts(threads, size, x, factor, y);
  sum_parts(threads, size, x, 1.0f, scratch);
  const int64_t inner = size.inner;
  threads.ranges(size.outer * inner, grain(parts), [=](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      double sum = 0;
      const float* from = scratch + at / inner * parts * inner + at % inner;
      for (int64_t part = 0; part < parts; ++part) sum += from[part * inner];
      y[at] = static_cast<float>(sum * factor);
    }
  });
}

void cpu_max(Threads& threads, const ReduceSize& size, const float* x, float* y) {
  const int64_t row = size.length * size.inner;
  threads.ranges(size.outer, grain(row), [=](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      HWY_DYNAMIC_DISPATCH(max_columns)
      (x + o * row, size.length, size.inner, size.inner, y + o * size.inner);
    }
  });
}

void cpu_max_gradient(Threads& threads, const ReduceSize& size, const float* x, const float* y,
                      const float* dy, float* dx) {
  const int64_t inner = size.inner;
  threads.ranges(size.outer * inner, grain(size.length), [=](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t start = at / inner * size.length * inner + at % inner;
      bool found = false;
      for (int64_t l = 0; l < size.length; ++l) {
        const bool here = !found && x[start + l * inner] == y[at];
        dx[start + l * inner] = here ? dy[at] : 0.0f;
        found |= here;
      }
    }
  });
}

void cpu_expand(Threads& threads, const ReduceSize& size, const float* x, float factor, float* y) {
  const int64_t inner = size.inner;
  threads.ranges(size.outer * size.length, grain(inner), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* from = x + row / size.length * inner;
      for (int64_t i = 0; i < inner; ++i) y[row * inner + i] = from[i] * factor;
    }
  });
}

}  // namespace tandem
#endif
