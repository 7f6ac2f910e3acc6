#include "core/cpu/matmul.h"

#include "core/cpu/matmul_epilogue.h"
#include "core/error.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>

namespace tandem {

namespace {

constexpr int64_t cache_line = 16;  // floats

// A task wants about this much work: long enough to hide its start, short enough that 16 threads
// are busy with a transformer's smaller products.
constexpr double task_flops = 16e6;
constexpr int64_t wanted_tasks = 16;

// A tile's sides: square is best, since each task packs its parts of a and b for itself.
constexpr int64_t side = 256;
// Parts of k; sums of so many terms keep fp32's accuracy when parts are added in order.
constexpr int64_t part_k = 512;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The length of equal parts of `length`, each at most `limit` and a multiple of `step`.
int64_t even_part(int64_t length, int64_t limit, int64_t step) {
  const int64_t parts = std::max<int64_t>(1, ceil_div(length, limit));
  return std::max<int64_t>(1, ceil_div(ceil_div(length, parts), step) * step);
}

// to[r, c] = from[c, r] for r < rows, c < columns.
void transpose_block(const float* from, int64_t from_stride, float* to, int64_t to_stride,
                     int64_t columns, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      to[row * to_stride + column] = from[column * from_stride + row];
    }
  }
}

// oneDNN's OpenMP team is a setting of the calling thread: one thread each, since the tasks are
// spread already. Builds of oneDNN without OpenMP lack the function and need nothing.
void one_thread_for_onednn() {
  using SetThreads = void (*)(int);
  static const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  thread_local bool done = false;
  if (done) return;
  if (set != nullptr) set(1);
  done = true;
}

}  // namespace

double MatmulShape::flops() const {
  return 2.0 * static_cast<double>(batch) * static_cast<double>(m) * static_cast<double>(n) *
         static_cast<double>(k);
}

struct CpuMatmul::Tile {
  int64_t item, m, n, k;         // first element of each axis
  int64_t rows, columns, depth;  // lengths
  int64_t part;                  // of k
};

CpuMatmul::CpuMatmul(const MatmulShape& shape) : shape_(shape) {
  tile_m_ = even_part(shape.m, side, 8);
  tile_n_ = even_part(shape.n, 2 * side, 48);
  tile_k_ = std::max<int64_t>(shape.k, 1);
  const auto tiles = [&] {
    return shape_.batch * ceil_div(shape_.m, tile_m_) * ceil_div(shape_.n, tile_n_);
  };
  const int64_t wanted =
      std::clamp<int64_t>(static_cast<int64_t>(shape.flops() / task_flops), 1, wanted_tasks);
  while (tiles() < wanted && shape.k < 4 * part_k && tile_m_ > 64) {
    tile_m_ = even_part(shape.m, tile_m_ / 2, 8);
  }
  if (tiles() < wanted && shape.k >= 2 * part_k) {
    const int64_t parts =
        std::min(ceil_div(wanted, std::max<int64_t>(tiles(), 1)), shape.k / part_k);
    tile_k_ = even_part(shape.k, ceil_div(shape.k, parts), cache_line);
  }
  tiles_m_ = ceil_div(shape.m, tile_m_);
  tiles_n_ = ceil_div(shape.n, tile_n_);
  parts_k_ = std::max<int64_t>(1, ceil_div(shape.k, tile_k_));
}

size_t CpuMatmul::scratch_bytes() const {
  const int64_t copy = copies_b() ? shape_.k * copy_stride() : 0;
  const int64_t partials = parts_k_ > 1 ? parts_k_ * shape_.batch * shape_.m * shape_.n : 0;
  const int64_t sums = parts_k_ * shape_.m;  // column sums, one row a part
  return static_cast<size_t>(copy + partials + (shape_.transpose_a ? sums : 0)) * sizeof(float);
}

// oneDNN turns a transposed b round in every task; with many rows of tiles, once is cheaper.
bool CpuMatmul::copies_b() const {
  return shape_.transpose_b && shape_.batch == 1 && tiles_m_ >= 4;
}

// A cache line more than n: rows a multiple of 4 KiB apart would evict one another.
int64_t CpuMatmul::copy_stride() const { return shape_.n + cache_line; }

// to [k, n] from b [n, k].
void CpuMatmul::copy_b(Threads& threads, const float* b, float* to) const {
  const int64_t n = shape_.n;
  const int64_t stride = copy_stride();
  const int64_t k = shape_.k;
  constexpr int64_t block = cache_line;
  threads.ranges(n, 4 * block, [=](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column += block) {
      const int64_t width = std::min(block, end - column);
      for (int64_t row = 0; row < k; row += block) {
        transpose_block(b + column * k + row, k, to + row * stride + column, stride, width,
                        std::min(block, k - row));
      }
    }
  });
}

CpuMatmul::Tile CpuMatmul::tile(int64_t task) const {
  Tile tile{};
  tile.n = task % tiles_n_ * tile_n_;
  task /= tiles_n_;
  tile.m = task % tiles_m_ * tile_m_;
  task /= tiles_m_;
  tile.part = task % parts_k_;
  tile.k = tile.part * tile_k_;
  tile.item = task / parts_k_;
  tile.rows = std::min(tile_m_, shape_.m - tile.m);
  tile.columns = std::min(tile_n_, shape_.n - tile.n);
  tile.depth = std::min(tile_k_, shape_.k - tile.k);
  return tile;
}

// False if oneDNN fails, which it does for wrong arguments or want of memory only.
bool CpuMatmul::multiply(const Tile& tile, const float* a, const float* b, float* y) const {
  const bool transpose_b = shape_.transpose_b && !copies_b();
  one_thread_for_onednn();
  const MatmulShape& s = shape_;
  const int64_t stride_a = s.transpose_a ? s.m : s.k;
  const int64_t stride_b = copies_b() ? copy_stride() : transpose_b ? s.k : s.n;
  a += tile.item * s.m * s.k + (s.transpose_a ? tile.k * s.m + tile.m : tile.m * s.k + tile.k);
  b += tile.item * s.k * s.n + (transpose_b ? tile.n * s.k + tile.k : tile.k * stride_b + tile.n);
  return dnnl_sgemm(s.transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', tile.rows, tile.columns,
                    tile.depth, 1.0f, a, stride_a, b, stride_b, 0.0f, y, s.n) == dnnl_success;
}

// Adds the parts of k in order, then finishes.
void CpuMatmul::reduce(Threads& threads, const float* partials, float* y,
                       const MatmulEpilogue& epilogue) const {
  const int64_t rows = shape_.batch * shape_.m;
  const int64_t count = rows * shape_.n;
  const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, shape_.n));
  threads.ranges(rows, grain, [&](int64_t begin, int64_t end) {
    const int64_t at = begin * shape_.n;
    const int64_t length = (end - begin) * shape_.n;
    sum_rows(partials + at, parts_k_, length, count, y + at);
    finish_tile(epilogue.activation,
                {end - begin, shape_.n, shape_.n, y + at, epilogue.bias,
                 epilogue.pre == nullptr ? nullptr : epilogue.pre + at,
                 epilogue.residual == nullptr ? nullptr : epilogue.residual + at});
  });
}

void CpuMatmul::run(Threads& threads, const float* a, const float* b, float* y,
                    const MatmulEpilogue& epilogue, std::byte* scratch) const {
  const MatmulShape& s = shape_;
  const int64_t count = s.batch * s.m * s.n;
  const bool split = parts_k_ > 1;
  auto* sums = reinterpret_cast<float*>(scratch);  // [parts, m]
  float* partials = sums + (s.transpose_a ? parts_k_ * s.m : 0);
  if (copies_b()) {
    float* copy = partials + (split ? parts_k_ * count : 0);
    copy_b(threads, b, copy);
    b = copy;
  }
  const bool finishes = epilogue.bias != nullptr || epilogue.pre != nullptr ||
                        epilogue.residual != nullptr || epilogue.activation != Activation::none;
  std::atomic<bool> failed{false};
  threads.run(s.batch * parts_k_ * tiles_m_ * tiles_n_, [&](int64_t task) {
    const Tile t = tile(task);
    const int64_t at = t.item * s.m * s.n + t.m * s.n + t.n;
    if (epilogue.column_sums != nullptr && t.n == 0) {
      sum_rows(a + t.k * s.m + t.m, t.depth, t.rows, s.m, sums + t.part * s.m + t.m);
    }
    if (!multiply(t, a, b, split ? partials + t.part * count + at : y + at)) failed = true;
    if (split || !finishes) return;
    finish_tile(
        epilogue.activation,
        {t.rows, t.columns, s.n, y + at, epilogue.bias == nullptr ? nullptr : epilogue.bias + t.n,
         epilogue.pre == nullptr ? nullptr : epilogue.pre + at,
         epilogue.residual == nullptr ? nullptr : epilogue.residual + at});
  });
  if (failed) {
    fail<DeviceError>("matmul: oneDNN could not multiply [{}, {}] by [{}, {}]; is memory short?",
                      s.m, s.k, s.k, s.n);
  }
  if (split) reduce(threads, partials, y, epilogue);
  if (epilogue.column_sums != nullptr) {
    sum_rows(sums, parts_k_, s.m, s.m, epilogue.column_sums);
  }
}

}  // namespace tandem
