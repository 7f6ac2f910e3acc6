#include "core/cpu/embedding.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/embedding.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

// sum[i] += row[i]; the compiler's vectors do.
void add_row(const float* HWY_RESTRICT row, int64_t columns, float* HWY_RESTRICT sum) {
  for (int64_t i = 0; i < columns; ++i) sum[i] += row[i];
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(add_row);

namespace {

// Runs of equal ids in sorted order. A run that leaves its chunk is summed in parts: what lies in
// a chunk goes to scratch row 2 chunk if the run began before it, else 2 chunk + 1.
struct Gradient {
  int64_t vocabulary;
  int64_t positions;
  int64_t columns;
  const int32_t* ids;
  const int32_t* order;
  const float* dy;
  float* d_table;
  float* scratch;

  int64_t position(int64_t sorted) const {
    return std::clamp<int64_t>(order[sorted], 0, positions - 1);
  }
  int64_t id(int64_t sorted) const {
    return std::clamp<int64_t>(ids[position(sorted)], 0, vocabulary - 1);
  }
  // Whether two neighbours in sorted order are of one run; false beyond either end.
  bool joined(int64_t left) const {
    return left >= 0 && left + 1 < positions && id(left) == id(left + 1);
  }
  int64_t end_of(int64_t chunk) const { return std::min((chunk + 1) * embedding_chunk, positions); }

  void copy(float* to, const float* from) const {
    std::memcpy(to, from, static_cast<size_t>(columns) * sizeof(float));
  }

  void sum_chunk(int64_t chunk) const {
    const int64_t end = end_of(chunk);
    for (int64_t first = chunk * embedding_chunk; first < end;) {
      int64_t last = first;
      while (last + 1 < end && joined(last)) ++last;
      const bool began_before = joined(first - 1);
      const bool goes_on = joined(last);
      float* to = began_before || goes_on ? scratch + (2 * chunk + (began_before ? 0 : 1)) * columns
                                          : d_table + id(first) * columns;
      copy(to, dy + position(first) * columns);
      for (int64_t i = first + 1; i <= last; ++i) {
        HWY_DYNAMIC_DISPATCH(add_row)(dy + position(i) * columns, columns, to);
      }
      first = last + 1;
    }
  }

  // Adds up the parts of a run that begins in this chunk and leaves it.
  void join_chunk(int64_t chunk) const {
    int64_t last = end_of(chunk) - 1;
    if (!joined(last)) return;
    int64_t first = last;
    while (first > chunk * embedding_chunk && joined(first - 1)) --first;
    if (joined(first - 1)) return;  // began before
    float* to = d_table + id(last) * columns;
    copy(to, scratch + (2 * chunk + 1) * columns);
    while (joined(last)) {
      ++chunk;
      HWY_DYNAMIC_DISPATCH(add_row)(scratch + 2 * chunk * columns, columns, to);
      last = end_of(chunk) - 1;
      if (id(last) != id(chunk * embedding_chunk)) return;
    }
  }
};

}  // namespace

void cpu_embedding_gradient(Threads& threads, int64_t vocabulary, int64_t positions,
                            int64_t columns, const int32_t* ids, const int32_t* order,
                            const float* dy, float* d_table, float* scratch) {
  const Gradient gradient{vocabulary, positions, columns, ids, order, dy, d_table, scratch};
  threads.ranges(vocabulary * columns, 65536, [=](int64_t begin, int64_t end) {
    std::memset(d_table + begin, 0, static_cast<size_t>(end - begin) * sizeof(float));
  });
  const int64_t chunks = (positions + embedding_chunk - 1) / embedding_chunk;
  threads.run(chunks, [&](int64_t chunk) { gradient.sum_chunk(chunk); });
  threads.run(chunks, [&](int64_t chunk) { gradient.join_chunk(chunk); });
}

}  // namespace tandem
#endif
