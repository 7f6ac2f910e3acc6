#include "core/cpu/matmul.h"

#include "core/cpu/matmul_copy.h"
#include "core/cpu/matmul_epilogue.h"
#include "core/cpu/thread_scratch.h"
#include "core/error.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <atomic>

namespace tandem {

namespace {

// A task wants about this much work: long enough to hide its start, short enough that 16 threads
// are busy with a transformer's smaller products.
constexpr double task_flops = 16e6;
constexpr int64_t wanted_tasks = 16;

// A tile's sides: square is best, since each task packs its parts of a and b for itself.
constexpr int64_t side = 256;
// Parts of k; sums of so many terms keep fp32's accuracy when parts are added in order.
constexpr int64_t part_k = 512;

// A tile's sums and a row of `pre`, on their way to 16 bits.
thread_local cpu::ThreadScratch scratch_tile;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The length of equal parts of `length`, each at most `limit` and a multiple of `step`.
int64_t even_part(int64_t length, int64_t limit, int64_t step) {
  const int64_t parts = std::max<int64_t>(1, ceil_div(length, limit));
  return std::max<int64_t>(1, ceil_div(ceil_div(length, parts), step) * step);
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

// What a run works on.
struct CpuMatmul::Work {
  const std::byte* a;
  const std::byte* b;
  Stored y;
  const MatmulEpilogue& epilogue;
  float* partials;  // [parts, batch, m, n]
  float* sums;      // [parts, m]
  std::atomic<bool> failed{false};
};

CpuMatmul::CpuMatmul(const MatmulShape& shape, const MatmulTypes& types)
    : shape_(shape), types_(types) {
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
  if (types.in == DType::bf16 && multiplies_bf16()) prepare_products();
}

// One for every size of a tile that there is: whole ones and the last of each axis.
void CpuMatmul::prepare_products() {
  const MatmulShape& s = shape_;
  const auto lengths = [](int64_t length, int64_t part) {
    std::vector<int64_t> result{std::min(length, part)};
    if (length > part && length % part != 0) result.push_back(length % part);
    return result;
  };
  if (s.flops() == 0) return;
  for (const int64_t rows : lengths(s.m, tile_m_)) {
    for (const int64_t columns : lengths(s.n, tile_n_)) {
      for (const int64_t depth : lengths(s.k, tile_k_)) {
        products_.emplace_back(Bf16Product::Sizes{
            .m = rows,
            .n = columns,
            .k = depth,
            .transpose_a = s.transpose_a,
            .transpose_b = s.transpose_b,
            .stride_a = s.transpose_a ? s.m : s.k,
            .stride_b = s.transpose_b ? s.k : s.n,
            .stride_y = tile_stride()});
      }
    }
  }
}

size_t CpuMatmul::scratch_bytes() const {
  const int64_t copy = copies_b() ? shape_.k * copy_stride() : 0;
  const int64_t partials = parts_k_ > 1 ? parts_k_ * shape_.batch * shape_.m * shape_.n : 0;
  const int64_t sums = parts_k_ * shape_.m;  // column sums, one row a part
  const int64_t wide = widens() ? a_elements() + b_elements() : 0;
  return static_cast<size_t>(wide + copy + partials + (shape_.transpose_a ? sums : 0)) *
         sizeof(float);
}

int64_t CpuMatmul::a_elements() const { return shape_.batch * shape_.m * shape_.k; }
int64_t CpuMatmul::b_elements() const { return shape_.batch * shape_.k * shape_.n; }

// fp32 alone: oneDNN turns a transposed b round in every task; with many rows of tiles, once is
// cheaper.
bool CpuMatmul::copies_b() const {
  return !native() && shape_.transpose_b && shape_.batch == 1 && tiles_m_ >= 4;
}

// A cache line more than n: rows a multiple of 4 KiB apart would evict one another.
int64_t CpuMatmul::copy_stride() const { return shape_.n + cache_line; }

// From row to row of what a tile's product is written to: y or the partials, unless y's or pre's
// 16 bits call for a tile of its own.
int64_t CpuMatmul::tile_stride() const {
  return parts_k_ == 1 && narrows() ? tile_n_ : shape_.n;
}

// `count` values as floats, at `to`.
const std::byte* CpuMatmul::widen(Threads& threads, const std::byte* from, int64_t count,
                                  float* to) const {
  threads.ranges(count, 16384, [=, this](int64_t begin, int64_t end) {
    cpu_cast(types_.in, from, DType::f32, to, begin, end);
  });
  return reinterpret_cast<const std::byte*>(to);
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

// The tile's part of the product, at y. False if oneDNN fails.
bool CpuMatmul::multiply(const Tile& tile, const Work& work, float* y) const {
  const MatmulShape& s = shape_;
  const bool transpose_b = s.transpose_b && !copies_b();
  const int64_t stride_a = s.transpose_a ? s.m : s.k;
  const int64_t stride_b = copies_b() ? copy_stride() : transpose_b ? s.k : s.n;
  const int64_t at_a =
      tile.item * s.m * s.k + (s.transpose_a ? tile.k * s.m + tile.m : tile.m * s.k + tile.k);
  const int64_t at_b = tile.item * s.k * s.n +
                       (transpose_b ? tile.n * s.k + tile.k : tile.k * stride_b + tile.n);
  if (native()) {
    const auto product = std::find_if(products_.begin(), products_.end(), [&](const auto& p) {
      return p.sizes().m == tile.rows && p.sizes().n == tile.columns && p.sizes().k == tile.depth;
    });
    return product->run(reinterpret_cast<const uint16_t*>(work.a) + at_a,
                        reinterpret_cast<const uint16_t*>(work.b) + at_b, y);
  }
  one_thread_for_onednn();
  return dnnl_sgemm(s.transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', tile.rows, tile.columns,
                    tile.depth, 1.0f, reinterpret_cast<const float*>(work.a) + at_a, stride_a,
                    reinterpret_cast<const float*>(work.b) + at_b, stride_b, 0.0f, y,
                    tile_stride()) == dnnl_success;
}

// The epilogue of a block of the product at x, which is y's own memory unless y or pre is narrow:
// then its rows are stored by way of `pre_row`.
void CpuMatmul::finish(const Block& block, float* x, const Work& work, float* pre_row) const {
  const MatmulEpilogue& e = work.epilogue;
  const auto part = [&](int64_t row, int64_t rows, float* pre) {
    const int64_t at = block.at + row * shape_.n;
    return EpilogueTile{.rows = rows,
                        .columns = block.columns,
                        .stride = block.stride,
                        .y = x + row * block.stride,
                        .bias = e.bias == nullptr ? nullptr : e.bias + block.column,
                        .pre = pre,
                        .residual = e.residual == nullptr ? nullptr : e.residual + at};
  };
  const bool keeps = e.pre.data != nullptr;
  if (!narrows()) {
    if (e.bias == nullptr && !keeps && e.residual == nullptr && e.activation == Activation::none) {
      return;
    }
    return finish_tile(e.activation,
                       part(0, block.rows, keeps ? e.pre.floats() + block.at : nullptr));
  }
  for (int64_t row = 0; row < block.rows; ++row) {
    finish_tile(e.activation, part(row, 1, keeps ? pre_row : nullptr));
    const int64_t at = block.at + row * shape_.n;
    work.y.store(x + row * block.stride, at, block.columns);
    if (keeps) e.pre.store(pre_row, at, block.columns);
  }
}

void CpuMatmul::run_tile(const Tile& t, Work& work) const {
  const MatmulShape& s = shape_;
  const int64_t at = t.item * s.m * s.n + t.m * s.n + t.n;
  if (work.epilogue.column_sums != nullptr && t.n == 0) {
    const int64_t from = t.k * s.m + t.m;
    float* to = work.sums + t.part * s.m + t.m;
    if (native()) {
      const auto* a = reinterpret_cast<const uint16_t*>(work.a);
      sum_rows_bf16(a + from, t.depth, t.rows, s.m, to);
    } else {
      sum_rows(reinterpret_cast<const float*>(work.a) + from, t.depth, t.rows, s.m, to);
    }
  }
  if (parts_k_ > 1) {
    if (!multiply(t, work, work.partials + t.part * s.batch * s.m * s.n + at)) work.failed = true;
    return;
  }
  float* x = work.y.floats() + at;
  float* pre_row = nullptr;
  if (narrows()) {
    scratch_tile.reserve((tile_m_ + 1) * tile_n_);
    x = scratch_tile.take(tile_m_ * tile_n_);
    pre_row = scratch_tile.take(tile_n_);
  }
  if (!multiply(t, work, x)) work.failed = true;
  finish({t.rows, t.columns, tile_stride(), at, t.n}, x, work, pre_row);
}

// Adds the parts of k in order, then finishes.
void CpuMatmul::reduce(Threads& threads, const Work& work) const {
  const int64_t rows = shape_.batch * shape_.m;
  const int64_t n = shape_.n;
  const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, n));
  threads.ranges(rows, grain, [&](int64_t begin, int64_t end) {
    const int64_t at = begin * n;
    const int64_t length = (end - begin) * n;
    scratch_tile.reserve(length + n);
    float* x = narrows() ? scratch_tile.take(length) : work.y.floats() + at;
    sum_rows(work.partials + at, parts_k_, length, rows * n, x);
    finish({end - begin, n, n, at, 0}, x, work, scratch_tile.take(n));
  });
}

void CpuMatmul::run(Threads& threads, const std::byte* a, const std::byte* b, std::byte* y,
                    const MatmulEpilogue& epilogue, std::byte* scratch) const {
  const MatmulShape& s = shape_;
  auto* sums = reinterpret_cast<float*>(scratch);
  float* partials = sums + (s.transpose_a ? parts_k_ * s.m : 0);
  float* next = partials + (parts_k_ > 1 ? parts_k_ * s.batch * s.m * s.n : 0);
  if (widens()) {
    a = widen(threads, a, a_elements(), next);
    b = widen(threads, b, b_elements(), next + a_elements());
    next += a_elements() + b_elements();
  }
  if (copies_b()) {
    transpose_copy(threads, reinterpret_cast<const float*>(b), s.n, s.k, next, copy_stride());
    b = reinterpret_cast<const std::byte*>(next);
  }
  Work work{a, b, {y, types_.y}, epilogue, partials, sums};
  threads.run(s.batch * parts_k_ * tiles_m_ * tiles_n_,
              [&](int64_t task) { run_tile(tile(task), work); });
  if (work.failed) {
    fail<DeviceError>("matmul: oneDNN could not multiply [{}, {}] by [{}, {}]; is memory short?",
                      s.m, s.k, s.k, s.n);
  }
  if (parts_k_ > 1) reduce(threads, work);
  if (epilogue.column_sums != nullptr) {
    sum_rows(sums, parts_k_, s.m, s.m, epilogue.column_sums);
  }
}

}  // namespace tandem
