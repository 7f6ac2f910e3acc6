#include "autograd/ops/matmul_split.h"

#include "core/error.h"

#include <algorithm>

namespace tandem {

namespace {

// Pieces along one axis: matrices of the batch, rows of y, or k.
struct Split {
  enum class Axis { none, batch, rows, depth } axis = Axis::none;
  int64_t length = 0;  // of the axis
  int64_t step = 0;    // a piece's part of it

  int64_t pieces() const { return (length + step - 1) / step; }
  int64_t piece(int64_t index) const { return std::min(step, length - index * step); }
};

// So many rows of any width, of 16 bits or more, start at a multiple of 256 bytes, which suits
// every device.
constexpr int64_t aligned_rows = 128;

// A side as long as the register designs may pad it in a copy of its matrix.
int64_t padded(int64_t side, int64_t least = 1) { return std::max((side + 3) / 4 * 4, least); }

int64_t bindable_floats(const DeviceInfo& device) {
  return static_cast<int64_t>(std::min<uint64_t>(device.max_storage_range, 1ull << 40)) / 4;
}

Split split_of(const MatmulShape& s, const DeviceInfo& device) {
  const int64_t floats = bindable_floats(device);
  const int64_t m = padded(s.m, 32), k = padded(s.k), n = padded(s.n);
  const int64_t matrix = std::max({m * k, k * n, s.m * s.n});
  if (s.batch * matrix <= floats) return {};
  Split split{Split::Axis::batch, s.batch, floats / matrix};
  if (s.batch == 1 && s.transpose_a) {
    split = {Split::Axis::depth, s.k, floats / std::max(m, n)};
  } else if (s.batch == 1) {
    split = {Split::Axis::rows, s.m, floats / std::max(k, s.n)};
  }
  split.step = split.step / aligned_rows * aligned_rows;
  if (split.step == 0) {
    fail<DeviceError>(
        "matmul: [{}, {}] by [{}, {}] in a batch of {} is too large for {}, which "
        "binds at most {} bytes at a time; use a smaller batch.",
        s.m, s.k, s.k, s.n, s.batch, device.name, device.max_storage_range);
  }
  return split;
}

MatmulShape piece_shape(MatmulShape shape, const Split& split, int64_t index) {
  const int64_t length = split.piece(index);
  if (split.axis == Split::Axis::batch) shape.batch = length;
  if (split.axis == Split::Axis::rows) shape.m = length;
  if (split.axis == Split::Axis::depth) shape.k = length;
  return shape;
}

// `rows` of `width` elements from row `first` on; nothing where there is no range.
BufferRange part(const BufferRange& range, int64_t first, int64_t rows, int64_t width, DType type) {
  if (range.memory == nullptr) return range;
  return {range.memory, range.offset + static_cast<size_t>(first * width) * size_of(type),
          static_cast<size_t>(rows * width) * size_of(type)};
}

MatmulRanges piece_ranges(const MatmulShape& s, const MatmulTypes& types, const MatmulRanges& whole,
                          const Split& split, int64_t index) {
  MatmulRanges ranges = whole;
  const int64_t first = index * split.step;
  const int64_t length = split.piece(index);
  if (split.axis == Split::Axis::depth) {
    ranges.a = part(whole.a, first, length, s.m, types.in);
    ranges.b = part(whole.b, first, length, s.n, types.in);
    return ranges;
  }
  const int64_t rows = split.axis == Split::Axis::batch ? s.m : 1;
  ranges.a = part(whole.a, first, length, rows * s.k, types.in);
  if (split.axis == Split::Axis::batch) {
    ranges.b = part(whole.b, first, length, s.k * s.n, types.in);
  }
  ranges.y = part(whole.y, first, length, rows * s.n, types.y);
  ranges.pre = part(whole.pre, first, length, rows * s.n, types.pre);
  ranges.residual = part(whole.residual, first, length, rows * s.n, DType::f32);
  return ranges;
}

// Scratch of a product over pieces of k, in floats: as many of the pieces' products as a binding
// spans, the pieces' column sums, each at an aligned address, and then what each piece wants.
struct DepthScratch {
  int64_t product, sums;  // from one piece's to the next
  int64_t products;       // that there is room for
  size_t sums_at, inner_at;

  DepthScratch(const MatmulShape& s, const Split& split, const DeviceInfo& device) {
    const auto aligned = [](int64_t floats) {
      return (floats + aligned_rows - 1) / aligned_rows * aligned_rows;
    };
    product = aligned(s.m * s.n);
    sums = aligned(s.m);
    const int64_t most = bindable_floats(device) / product;
    products = std::min(split.pieces(), std::max<int64_t>(most, 2));
    sums_at = static_cast<size_t>(products * product) * 4;
    inner_at = sums_at + static_cast<size_t>(split.pieces() * sums) * 4;
  }
};

BufferRange inside(const BufferRange& scratch, size_t offset, int64_t floats) {
  return {scratch.memory, scratch.offset + offset, static_cast<size_t>(floats) * 4};
}

std::vector<Dispatch> over_depth(const MatmulShape& shape, const DeviceInfo& device,
                                 const MatmulTypes& types, MatmulDesign design, const Split& split,
                                 const MatmulRanges& ranges, const BufferRange& scratch) {
  const DepthScratch places(shape, split, device);
  const bool sums = ranges.column_sums.memory != nullptr;
  const auto product = [&](int64_t slot) {
    return inside(scratch, static_cast<size_t>(slot * places.product) * 4, shape.m * shape.n);
  };
  const BufferRange products = inside(scratch, 0, places.products * places.product);
  std::vector<Dispatch> all;
  int64_t made = 0;
  for (int64_t i = 0; i < split.pieces(); ++i, ++made) {
    if (made == places.products) {  // adds them up in the first one's place
      all.push_back(finish_dispatch(device, shape, {.in = types.in}, products, made, places.product,
                                    {.y = product(0)}));
      made = 1;
    }
    MatmulRanges piece = piece_ranges(shape, types, {.a = ranges.a, .b = ranges.b}, split, i);
    piece.y = product(made);
    if (sums) {
      const size_t at = places.sums_at + static_cast<size_t>(i * places.sums) * 4;
      piece.column_sums = inside(scratch, at, shape.m);
    }
    const VulkanMatmul matmul(piece_shape(shape, split, i), device, {.in = types.in}, design);
    for (Dispatch& dispatch : matmul.dispatches(piece, inside(scratch, places.inner_at, 0))) {
      all.push_back(std::move(dispatch));
    }
  }
  all.push_back(finish_dispatch(device, shape, types, products, made, places.product, ranges));
  if (sums) {
    const BufferRange parts = inside(scratch, places.sums_at, split.pieces() * places.sums);
    all.push_back(sum_rows_dispatch(device, parts, ranges.column_sums,
                                    {split.pieces(), shape.m, places.sums, split.pieces()}));
  }
  return all;
}

}  // namespace

size_t product_dispatches_scratch(const MatmulShape& shape, const DeviceInfo& device,
                                  const MatmulTypes& types, MatmulDesign design) {
  const Split split = split_of(shape, device);
  if (split.axis == Split::Axis::none) {
    return VulkanMatmul(shape, device, types, design).scratch_bytes();
  }
  const bool depth = split.axis == Split::Axis::depth;
  size_t most = 0;
  for (const int64_t index : {int64_t{0}, split.pieces() - 1}) {
    const VulkanMatmul matmul(piece_shape(shape, split, index), device,
                              depth ? MatmulTypes{.in = types.in} : types, design);
    most = std::max(most, matmul.scratch_bytes());
  }
  return depth ? DepthScratch(shape, split, device).inner_at + most : most;
}

std::vector<Dispatch> product_dispatches(const MatmulShape& shape, const DeviceInfo& device,
                                         const MatmulTypes& types, MatmulDesign design,
                                         const MatmulRanges& ranges, const BufferRange& scratch) {
  const Split split = split_of(shape, device);
  if (split.axis == Split::Axis::none) {
    return VulkanMatmul(shape, device, types, design).dispatches(ranges, scratch);
  }
  if (split.axis == Split::Axis::depth) {
    return over_depth(shape, device, types, design, split, ranges, scratch);
  }
  std::vector<Dispatch> all;
  for (int64_t i = 0; i < split.pieces(); ++i) {
    const VulkanMatmul matmul(piece_shape(shape, split, i), device, types, design);
    const MatmulRanges piece = piece_ranges(shape, types, ranges, split, i);
    for (Dispatch& dispatch : matmul.dispatches(piece, scratch)) {
      all.push_back(std::move(dispatch));
    }
  }
  return all;
}

}  // namespace tandem
