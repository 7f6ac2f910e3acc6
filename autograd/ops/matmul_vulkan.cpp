#include "autograd/ops/matmul_vulkan.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace tandem {

namespace {

// threads, tile_m, tile_n, tile_k, thread_m, thread_n (shaders/matmul/matmul_tile.comp)
const std::vector<uint32_t> small_tile{64, 32, 32, 16, 4, 4};
const std::vector<uint32_t> medium_tile{128, 64, 64, 16, 8, 4};
const std::vector<uint32_t> large_tile{256, 128, 128, 8, 8, 8};
// The register design's: shaders/matmul/matmul_register.comp
const std::vector<uint32_t> register_tile{8, 32, 64, 4, 32, 8};

// What of b the register design's tiles should find in a core's cache: half a megabyte or less.
constexpr int64_t cached_floats = 100 * 1024;
constexpr int64_t column_rows = 256;  // rows that one invocation adds up for column sums

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t step) { return ceil_div(a, step) * step; }
uint32_t word(int64_t value) { return static_cast<uint32_t>(value); }

MatmulDesign from_environment() {
  const char* text = std::getenv("TANDEM_MATMUL");
  if (text == nullptr || *text == 0) return MatmulDesign::automatic;
  const std::string_view name(text);
  if (name == "register") return MatmulDesign::register_tile;
  if (name == "small") return MatmulDesign::small;
  if (name == "medium") return MatmulDesign::medium;
  if (name == "large") return MatmulDesign::large;
  fail<ConfigError>("TANDEM_MATMUL is '{}'; expected register, small, medium or large.", name);
}

bool fits(const std::vector<uint32_t>& tile, const DeviceInfo& device) {
  const uint32_t shared = (tile[1] + tile[2] + 2) * tile[3] * 4;
  return tile[0] <= device.max_workgroup_invocations && shared <= device.shared_memory_bytes;
}

std::array<uint32_t, 3> groups(const DeviceInfo& device, int64_t count) {
  return {word(std::min<int64_t>(count, device.max_workgroups[0])), 1, 1};
}

int64_t tiles_of(const MatmulShape& shape, const std::vector<uint32_t>& tile) {
  return shape.batch * ceil_div(shape.m, tile[1]) * ceil_div(shape.n, tile[2]);
}

}  // namespace

// How an operand of the register design lies in memory.
struct VulkanMatmul::Operand {
  int64_t rows, columns;        // as the design reads it
  int64_t to_rows, to_columns;  // padded
  bool transposed;              // the input has rows and columns exchanged

  bool needs_copy() const { return transposed || rows != to_rows || columns != to_columns; }
  int64_t floats(int64_t batch) const { return batch * to_rows * to_columns; }
};

VulkanMatmul::VulkanMatmul(const MatmulShape& shape, const DeviceInfo& device, MatmulDesign design)
    : shape_(shape), device_(device) {
  choose_tile(design == MatmulDesign::automatic ? from_environment() : design);
  choose_parts();
  lay_out_scratch();
}

void VulkanMatmul::choose_tile(MatmulDesign design) {
  // Enough tiles to fill most GPUs; a larger tile reads less but makes fewer.
  constexpr int64_t enough = 160;
  if (design == MatmulDesign::automatic) {
    const bool discrete = device_.kind == "discrete";
    if (device_.software()) {
      design = MatmulDesign::register_tile;
    } else if (discrete && tiles_of(shape_, large_tile) >= enough) {
      design = MatmulDesign::large;
    } else if (std::min(shape_.m, shape_.n) > 32 && tiles_of(shape_, medium_tile) >= enough / 4) {
      design = MatmulDesign::medium;
    } else {
      design = MatmulDesign::small;
    }
  }
  register_ = design == MatmulDesign::register_tile;
  tile_ = register_                        ? register_tile
          : design == MatmulDesign::large  ? large_tile
          : design == MatmulDesign::medium ? medium_tile
                                           : small_tile;
  if (!register_ && !fits(tile_, device_)) tile_ = medium_tile;
  tiles_ = tiles_of(shape_, tile_);
}

// Parts of k, added in order afterwards: to keep a device busy where tiles are few, and to keep
// fp32's accuracy where sums are very long.
void VulkanMatmul::choose_parts() {
  const int64_t wanted = device_.software() ? 16 : 160;
  // On a processor, short parts also keep what tiles share in its cache.
  const int64_t longest = device_.software() ? 768 : 4096;
  const int64_t step = std::max<int64_t>(tile_[3], 4);
  const int64_t busy =
      std::min({wanted / std::max<int64_t>(tiles_, 1), shape_.k / 256, int64_t{8}});
  // All parts' products must fit one binding.
  const int64_t count = std::max<int64_t>(1, shape_.batch * shape_.m * shape_.n);
  const auto most = static_cast<int64_t>(std::min<uint64_t>(device_.max_storage_range, 1ull << 40));
  const int64_t bindable = std::max<int64_t>(1, most / 4 / count);
  const int64_t parts =
      std::min(bindable, std::max({busy, ceil_div(shape_.k, longest), int64_t{1}}));
  part_k_ = std::max(step, round_up(ceil_div(shape_.k, parts), step));
  parts_ = std::max<int64_t>(1, ceil_div(shape_.k, part_k_));
}

// What the register design's shader asks for: an even k, 32 rows of a or more, rows of whole vec4.
// A transposed a is read as it is; b has n along its rows.
VulkanMatmul::Operand VulkanMatmul::operand(bool left) const {
  const MatmulShape& s = shape_;
  const int64_t least = tile_[1];
  if (!left) return {s.k, s.n, round_up(s.k, 2), round_up(s.n, 4), s.transpose_b};
  if (!s.transpose_a) return {s.m, s.k, std::max(s.m, least), round_up(s.k, 4), false};
  return {s.k, s.m, round_up(s.k, 2), std::max(round_up(s.m, 4), least), false};
}

void VulkanMatmul::lay_out_scratch() {
  const auto place = [&](size_t& offset, int64_t floats) {
    offset = scratch_bytes_;
    scratch_bytes_ += static_cast<size_t>(round_up(floats * 4, 256));
  };
  const Operand a = operand(true);
  const Operand b = operand(false);
  place(packed_a_, register_ && a.needs_copy() ? a.floats(shape_.batch) : 0);
  place(packed_b_, register_ && b.needs_copy() ? b.floats(shape_.batch) : 0);
  place(partials_, parts_ > 1 ? parts_ * shape_.batch * shape_.m * shape_.n : 0);
  place(sums_, shape_.transpose_a ? ceil_div(shape_.k, column_rows) * shape_.m : 0);
}

BufferRange VulkanMatmul::pack(const Operand& operand, const BufferRange& from,
                               const BufferRange& to, std::vector<Dispatch>& out) const {
  if (!register_ || !operand.needs_copy()) return from;
  const auto bytes = static_cast<size_t>(operand.floats(shape_.batch)) * 4;
  const BufferRange packed{to.memory, to.offset, bytes};
  const int64_t blocks = shape_.batch * ceil_div(operand.to_rows, 4) * operand.to_columns / 4;
  out.push_back({.shader = "matmul_pack",
                 .buffers = {from, packed},
                 .writes = 2,
                 .specialization = {operand.transposed ? 1u : 0u},
                 .push = {word(blocks), word(operand.rows), word(operand.columns),
                          word(operand.to_rows), word(operand.to_columns)},
                 .workgroups = groups(device_, ceil_div(blocks, 8))});
  return packed;
}

namespace {

// The epilogue's bindings and constants (shaders/common/matmul_epilogue.glsl).
void add_epilogue(Dispatch& dispatch, const MatmulRanges& ranges, bool finishes,
                  const BufferRange& y) {
  const auto there = [&](const BufferRange& range) { return finishes && range.memory != nullptr; };
  // Validation takes a buffer that a shader may write for written, though a constant says no: in
  // place of `pre` stands one that is written anyway.
  const BufferRange& unused = dispatch.buffers[0];
  const bool pre = there(ranges.pre);
  const std::vector<BufferRange> buffers{y, there(ranges.bias) ? ranges.bias : unused,
                                         pre ? ranges.pre : y,
                                         there(ranges.residual) ? ranges.residual : unused};
  dispatch.buffers.insert(dispatch.buffers.end(), buffers.begin(), buffers.end());
  dispatch.writes = 1u << 2 | (pre ? 1u << 4 : 0u);
  dispatch.specialization.insert(
      dispatch.specialization.end(),
      {there(ranges.bias) ? 1u : 0u, finishes ? static_cast<uint32_t>(ranges.activation) : 0u,
       pre ? 1u : 0u, there(ranges.residual) ? 1u : 0u});
}

}  // namespace

Dispatch VulkanMatmul::multiply(const BufferRange& a, const BufferRange& b, const BufferRange& y,
                                const MatmulRanges& ranges, bool finishes) const {
  const MatmulShape& s = shape_;
  const int64_t tiles = tiles_ * parts_;
  Dispatch dispatch{.shader = register_ ? "matmul_register" : "matmul_tile",
                    .buffers = {a, b},
                    .specialization = {s.transpose_a ? 1u : 0u},
                    .push = {word(tiles), word(s.batch), word(s.m), word(s.n), word(s.k)},
                    .workgroups = groups(device_, tiles)};
  add_epilogue(dispatch, ranges, finishes, y);
  if (register_) {
    const Operand left = operand(true);
    const Operand right = operand(false);
    const int64_t group = std::max<int64_t>(1, cached_floats / (part_k_ * tile_[2]));
    dispatch.push.insert(dispatch.push.end(),
                         {word(left.to_columns / 4), word(right.to_columns / 4),
                          word(left.floats(1) / 4), word(right.floats(1) / 4), word(group)});
  } else {
    dispatch.specialization.push_back(s.transpose_b ? 1u : 0u);
    dispatch.specialization.insert(dispatch.specialization.end(), tile_.begin(), tile_.end());
  }
  dispatch.push.push_back(word(part_k_));
  dispatch.push.push_back(word(parts_));
  return dispatch;
}

Dispatch finish_dispatch(const DeviceInfo& device, const MatmulShape& shape,
                         const BufferRange& products, int64_t parts, int64_t stride,
                         const MatmulRanges& ranges) {
  const int64_t count = shape.batch * shape.m * shape.n;
  Dispatch dispatch{.shader = "matmul_finish",
                    .buffers = {products, products},
                    .specialization = {0},
                    .push = {word(count), word(shape.n), word(parts), word(stride)},
                    .workgroups = groups(device, ceil_div(count, 128))};
  add_epilogue(dispatch, ranges, true, ranges.y);
  return dispatch;
}

Dispatch sum_rows_dispatch(const DeviceInfo& device, const BufferRange& from, const BufferRange& to,
                           const RowSums& sums) {
  return {.shader = "matmul_sum_rows",
          .buffers = {from, to},
          .writes = 2,
          .push = {word(sums.rows), word(sums.columns), word(sums.stride), word(sums.part_rows),
                   word(sums.parts())},
          .workgroups = groups(device, ceil_div(sums.columns, 64) * sums.parts())};
}

void VulkanMatmul::sum_columns(const MatmulRanges& ranges, const BufferRange& scratch,
                               std::vector<Dispatch>& out) const {
  const int64_t m = shape_.m;
  const RowSums sums{shape_.k, m, m, column_rows};
  if (sums.parts() <= 1) {
    out.push_back(sum_rows_dispatch(device_, ranges.a, ranges.column_sums, sums));
    return;
  }
  const BufferRange partials{scratch.memory, scratch.offset + sums_,
                             static_cast<size_t>(sums.parts() * m) * 4};
  out.push_back(sum_rows_dispatch(device_, ranges.a, partials, sums));
  out.push_back(
      sum_rows_dispatch(device_, partials, ranges.column_sums, {sums.parts(), m, m, sums.parts()}));
}

std::vector<Dispatch> VulkanMatmul::dispatches(const MatmulRanges& ranges,
                                               const BufferRange& scratch) const {
  std::vector<Dispatch> all;
  const int64_t count = shape_.batch * shape_.m * shape_.n;
  if (count == 0) return all;
  const auto at = [&](size_t offset) {
    return BufferRange{scratch.memory, scratch.offset + offset, 0};
  };
  const BufferRange a = pack(operand(true), ranges.a, at(packed_a_), all);
  const BufferRange b = pack(operand(false), ranges.b, at(packed_b_), all);
  BufferRange product = ranges.y;
  if (parts_ > 1) {
    product = at(partials_);
    product.bytes = static_cast<size_t>(parts_ * count) * 4;
  }
  all.push_back(multiply(a, b, product, ranges, parts_ == 1));
  if (parts_ > 1) all.push_back(finish_dispatch(device_, shape_, product, parts_, count, ranges));
  if (ranges.column_sums.memory != nullptr) sum_columns(ranges, scratch, all);
  return all;
}

}  // namespace tandem
