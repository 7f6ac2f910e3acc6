#include "autograd/ops/matmul_vulkan.h"

#include "core/error.h"

#include <algorithm>
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
  const int64_t parts = std::max({busy, ceil_div(shape_.k, longest), int64_t{1}});
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

uint32_t VulkanMatmul::groups(int64_t count) const {
  return word(std::min<int64_t>(count, device_.max_workgroups[0]));
}

BufferRange VulkanMatmul::pack(const Operand& operand, const BufferRange& from,
                               const BufferRange& to, std::vector<Dispatch>& out) const {
  if (!register_ || !operand.needs_copy()) return from;
  const int64_t count = operand.floats(shape_.batch);
  const BufferRange packed{to.memory, to.offset, static_cast<size_t>(count) * 4};
  out.push_back({.shader = "matmul_pack",
                 .buffers = {from, packed},
                 .writes = 2,
                 .specialization = {operand.transposed ? 1u : 0u},
                 .push = {word(count), word(operand.rows), word(operand.columns),
                          word(operand.to_rows), word(operand.to_columns)},
                 .workgroups = {groups(ceil_div(count, 64)), 1, 1}});
  return packed;
}

namespace {

// The epilogue's bindings and constants (shaders/common/matmul_epilogue.glsl).
void add_epilogue(Dispatch& dispatch, const MatmulRanges& ranges, bool finishes,
                  const BufferRange& y) {
  const auto there = [&](const BufferRange& range) { return finishes && range.memory != nullptr; };
  const BufferRange& unused = dispatch.buffers[0];
  const bool pre = there(ranges.pre);
  const std::vector<BufferRange> buffers{y, there(ranges.bias) ? ranges.bias : unused,
                                         pre ? ranges.pre : unused,
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
                    .workgroups = {groups(tiles), 1, 1}};
  add_epilogue(dispatch, ranges, finishes, y);
  if (register_) {
    for (const bool left : {true, false})
      dispatch.push.push_back(word(operand(left).to_columns / 4));
    for (const bool left : {true, false})
      dispatch.push.push_back(word(operand(left).floats(1) / 4));
  } else {
    dispatch.specialization.push_back(s.transpose_b ? 1u : 0u);
    dispatch.specialization.insert(dispatch.specialization.end(), tile_.begin(), tile_.end());
  }
  dispatch.push.push_back(word(part_k_));
  dispatch.push.push_back(word(parts_));
  return dispatch;
}

void VulkanMatmul::sum_columns(const MatmulRanges& ranges, const BufferRange& scratch,
                               std::vector<Dispatch>& out) const {
  const int64_t parts = std::max<int64_t>(1, ceil_div(shape_.k, column_rows));
  const BufferRange partials{scratch.memory, scratch.offset + sums_,
                             static_cast<size_t>(parts * shape_.m) * 4};
  const auto add = [&](const BufferRange& from, const BufferRange& to, int64_t rows,
                       int64_t part_rows, int64_t count) {
    out.push_back({.shader = "matmul_sum_rows",
                   .buffers = {from, to},
                   .writes = 2,
                   .push = {word(rows), word(shape_.m), word(part_rows), word(count)},
                   .workgroups = {groups(ceil_div(shape_.m, 64) * count), 1, 1}});
  };
  if (parts == 1) return add(ranges.a, ranges.column_sums, shape_.k, column_rows, 1);
  add(ranges.a, partials, shape_.k, column_rows, parts);
  add(partials, ranges.column_sums, parts, parts, 1);
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
  const bool finishes = parts_ == 1;
  BufferRange product = ranges.y;
  if (parts_ > 1) {
    product = at(partials_);
    product.bytes = static_cast<size_t>(parts_ * count) * 4;
  }
  all.push_back(multiply(a, b, product, ranges, finishes));
  if (!finishes) {
    Dispatch finish{.shader = "matmul_finish",
                    .buffers = {product, product},
                    .specialization = {0},
                    .push = {word(count), word(shape_.n), word(parts_)},
                    .workgroups = {groups(ceil_div(count, 128)), 1, 1}};
    add_epilogue(finish, ranges, true, ranges.y);
    all.push_back(std::move(finish));
  }
  if (ranges.column_sums.memory != nullptr) sum_columns(ranges, scratch, all);
  return all;
}

}  // namespace tandem
