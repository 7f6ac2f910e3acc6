#include "core/cpu/movement.h"

#include <algorithm>
#include <cstring>

namespace tandem {

namespace {

constexpr int64_t task_elements = 32768;

// How many rows of that many elements make a task worth a thread's while.
int64_t grain(int64_t elements) {
  return std::max<int64_t>(1, task_elements / std::max<int64_t>(1, elements));
}

void copy(uint32_t* to, const uint32_t* from, int64_t count) {
  std::memcpy(to, from, static_cast<size_t>(count) * sizeof(uint32_t));
}

void clear(uint32_t* to, int64_t count) {
  std::memset(to, 0, static_cast<size_t>(count) * sizeof(uint32_t));
}

// Turns of the loops [0, rank) and the offsets that they give on both sides.
class Odometer {
 public:
  Odometer(const PermuteLoops& loops, const std::array<int64_t, Shape::max_rank>& to_stride,
           int rank, int64_t turn)
      : loops_(loops), to_stride_(to_stride), rank_(rank) {
    for (int loop = rank - 1; loop >= 0; --loop) {
      const auto i = static_cast<size_t>(loop);
      turns_[i] = turn % loops.size[i];
      turn /= loops.size[i];
      from += turns_[i] * loops.stride[i];
      to += turns_[i] * to_stride[i];
    }
  }

  void next() {
    for (int loop = rank_ - 1; loop >= 0; --loop) {
      const auto i = static_cast<size_t>(loop);
      from += loops_.stride[i];
      to += to_stride_[i];
      if (++turns_[i] < loops_.size[i]) return;
      from -= loops_.size[i] * loops_.stride[i];
      to -= loops_.size[i] * to_stride_[i];
      turns_[i] = 0;
    }
  }

  int64_t from = 0;
  int64_t to = 0;

 private:
  const PermuteLoops& loops_;
  const std::array<int64_t, Shape::max_rank>& to_stride_;
  int rank_;
  std::array<int64_t, Shape::max_rank> turns_{};
};

std::array<int64_t, Shape::max_rank> dense_strides(const PermuteLoops& loops) {
  std::array<int64_t, Shape::max_rank> strides{};
  int64_t stride = 1;
  for (int loop = loops.rank - 1; loop >= 0; --loop) {
    strides[static_cast<size_t>(loop)] = stride;
    stride *= loops.size[static_cast<size_t>(loop)];
  }
  return strides;
}

// The innermost loop is contiguous on both sides: rows are copied.
void permute_rows(Threads& threads, const PermuteLoops& loops, const uint32_t* from, uint32_t* to) {
  const auto to_stride = dense_strides(loops);
  const int64_t length = loops.size[static_cast<size_t>(loops.rank - 1)];
  int64_t rows = 1;
  for (int loop = 0; loop + 1 < loops.rank; ++loop) rows *= loops.size[static_cast<size_t>(loop)];
  threads.ranges(rows, grain(length), [&](int64_t begin, int64_t end) {
    Odometer at(loops, to_stride, loops.rank - 1, begin);
    for (int64_t row = begin; row < end; ++row, at.next()) {
      copy(to + at.to, from + at.from, length);
    }
  });
}

constexpr int64_t tile = 16;

// to[r * to_stride + c] = from[c * from_stride + r], tile by tile so that both sides stay in the
// nearest cache.
void transpose_tiles(int64_t first, int64_t last, int64_t columns, const uint32_t* from,
                     int64_t from_stride, uint32_t* to, int64_t to_stride) {
  for (int64_t c = 0; c < columns; c += tile) {
    const int64_t end = std::min(c + tile, columns);
    for (int64_t r = first; r < last; ++r) {
      for (int64_t i = c; i < end; ++i) to[r * to_stride + i] = from[i * from_stride + r];
    }
  }
}

// The innermost loop of the result strides over the source; another loop is contiguous there.
void permute_tiles(Threads& threads, const PermuteLoops& loops, const uint32_t* from,
                   uint32_t* to) {
  const auto last = static_cast<size_t>(loops.rank - 1);
  size_t near = 0;
  while (loops.stride[near] != 1) ++near;
  const auto to_stride = dense_strides(loops);
  PermuteLoops outer;  // all but those two
  std::array<int64_t, Shape::max_rank> outer_to{};
  int64_t turns = 1;
  outer.rank = 0;
  for (size_t i = 0; i < last; ++i) {
    if (i == near) continue;
    const auto at = static_cast<size_t>(outer.rank++);
    outer.size[at] = loops.size[i];
    outer.stride[at] = loops.stride[i];
    outer_to[at] = to_stride[i];
    turns *= loops.size[i];
  }
  const int64_t rows = loops.size[near];
  const int64_t columns = loops.size[last];
  const int64_t strips = (rows + tile - 1) / tile;
  threads.ranges(turns * strips, grain(tile * columns), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const Odometer at(outer, outer_to, outer.rank, unit / strips);
      const int64_t first = unit % strips * tile;
      transpose_tiles(first, std::min(first + tile, rows), columns, from + at.from,
                      loops.stride[last], to + at.to, to_stride[near]);
    }
  });
}

}  // namespace

void cpu_copy_blocks(Threads& threads, int64_t blocks, int64_t length, const uint32_t* from,
                     int64_t from_stride, uint32_t* to, int64_t to_stride) {
  const int64_t pieces = (length + task_elements - 1) / task_elements;  // of a long block
  threads.ranges(blocks * pieces, grain(length), [=](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t block = unit / pieces;
      const int64_t first = unit % pieces * task_elements;
      copy(to + block * to_stride + first, from + block * from_stride + first,
           std::min(task_elements, length - first));
    }
  });
}

void cpu_pad_blocks(Threads& threads, int64_t blocks, int64_t length, const uint32_t* from,
                    int64_t first, int64_t to_length, uint32_t* to) {
  const int64_t last = first + length;
  const int64_t pieces = (to_length + task_elements - 1) / task_elements;
  threads.ranges(blocks * pieces, grain(to_length), [=](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t block = unit / pieces;
      const int64_t start = unit % pieces * task_elements;
      const int64_t stop = std::min(start + task_elements, to_length);
      const int64_t low = std::clamp(first, start, stop);
      const int64_t high = std::clamp(last, start, stop);
      uint32_t* row = to + block * to_length;
      clear(row + start, low - start);
      copy(row + low, from + block * length + low - first, high - low);
      clear(row + high, stop - high);
    }
  });
}

void cpu_permute(Threads& threads, const PermuteLoops& loops, const uint32_t* from, uint32_t* to) {
  if (loops.stride[static_cast<size_t>(loops.rank - 1)] == 1) {
    permute_rows(threads, loops, from, to);
  } else {
    permute_tiles(threads, loops, from, to);
  }
}

void cpu_gather_rows(Threads& threads, int64_t count, int64_t rows, int64_t stride, int64_t columns,
                     const uint32_t* from, const int32_t* index, uint32_t* to) {
  threads.ranges(count, grain(columns), [=](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const int64_t row = stride * k + std::clamp<int64_t>(index[k], 0, rows - 1);
      copy(to + k * columns, from + row * columns, columns);
    }
  });
}

void cpu_scatter_rows(Threads& threads, int64_t count, int64_t rows, int64_t columns,
                      const uint32_t* from, const int32_t* index, uint32_t* to) {
  threads.ranges(count, grain(rows * columns), [=](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      uint32_t* sample = to + k * rows * columns;
      const int64_t first = std::clamp<int64_t>(index[k], 0, rows - 1) * columns;
      clear(sample, first);
      copy(sample + first, from + k * columns, columns);
      clear(sample + first + columns, rows * columns - first - columns);
    }
  });
}

}  // namespace tandem
