#include "autograd/ops/matmul_vulkan.h"

#include "core/error.h"

#include <algorithm>
#include <array>

namespace tandem {

namespace {

// What of b the register designs' tiles should find in a core's cache: half a megabyte or less.
constexpr int64_t cached_floats = 100 * 1024;
constexpr int64_t column_rows = 256;  // rows that one invocation adds up for column sums

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t step) { return ceil_div(a, step) * step; }
uint32_t word(int64_t value) { return static_cast<uint32_t>(value); }

std::array<uint32_t, 3> groups(const DeviceInfo& device, int64_t count) {
  return {word(std::min<int64_t>(count, device.max_workgroups[0])), 1, 1};
}

}  // namespace

// How an operand of the register designs lies in memory.
struct VulkanMatmul::Operand {
  int64_t rows, columns;        // as the design reads it
  int64_t to_rows, to_columns;  // padded

  bool needs_copy() const { return rows != to_rows || columns != to_columns; }
  int64_t floats(int64_t batch) const { return batch * to_rows * to_columns; }
};

VulkanMatmul::VulkanMatmul(const MatmulShape& shape, const DeviceInfo& device,
                           const MatmulTypes& types, MatmulDesign design)
    : shape_(shape),
      types_(types),
      device_(device),
      variant_(choose_variant(shape, types, device, design)),
      tiles_(variant_.tiles(shape)) {
  choose_parts();
  lay_out_scratch();
}

// Whether the epilogue has a dispatch of its own: after parts, and where two elements of 16 bits
// that share a word would be in different rows.
bool VulkanMatmul::finishes_apart() const {
  const bool narrow = types_.y != DType::f32 || types_.pre != DType::f32;
  return parts_ > 1 || (narrow && shape_.n % 2 != 0);
}

// Parts of k, added in order afterwards: to keep a device busy where tiles are few, and to keep
// fp32's accuracy where sums are very long.
void VulkanMatmul::choose_parts() {
  const int64_t wanted = device_.software() ? 16 : 160;
  // On a processor, short parts also keep what tiles share in its cache.
  const int64_t longest = device_.software() ? 768 : 4096;
  const int64_t step = std::max<int64_t>(variant_.tile_k, 4);
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

// What the register designs' shaders ask for: k a multiple of 4, 32 rows of a or more, rows of
// whole vec4.
VulkanMatmul::Operand VulkanMatmul::operand(bool left) const {
  const MatmulShape& s = shape_;
  const int64_t least = variant_.tile_m;
  const int64_t k = round_up(s.k, 4);
  if (!left && s.transpose_b) return {s.n, s.k, s.n, k};
  if (!left) return {s.k, s.n, k, round_up(s.n, 4)};
  if (!s.transpose_a) return {s.m, s.k, std::max(s.m, least), k};
  return {s.k, s.m, k, std::max(round_up(s.m, 4), least)};
}

void VulkanMatmul::lay_out_scratch() {
  const auto place = [&](size_t& offset, int64_t floats) {
    offset = scratch_bytes_;
    scratch_bytes_ += static_cast<size_t>(round_up(floats * 4, 256));
  };
  const Operand a = operand(true);
  const Operand b = operand(false);
  place(packed_a_, uses_registers() && a.needs_copy() ? a.floats(shape_.batch) : 0);
  place(packed_b_, uses_registers() && b.needs_copy() ? b.floats(shape_.batch) : 0);
  place(partials_, finishes_apart() ? parts_ * shape_.batch * shape_.m * shape_.n : 0);
  place(sums_, shape_.transpose_a ? ceil_div(shape_.k, column_rows) * shape_.m : 0);
}

BufferRange VulkanMatmul::pack(const Operand& operand, const BufferRange& from,
                               const BufferRange& to, std::vector<Dispatch>& out) const {
  if (!uses_registers() || !operand.needs_copy()) return from;
  const auto bytes = static_cast<size_t>(operand.floats(shape_.batch)) * 4;
  const BufferRange packed{to.memory, to.offset, bytes};
  const int64_t blocks = shape_.batch * ceil_div(operand.to_rows, 4) * operand.to_columns / 4;
  out.push_back({.shader = "matmul_pack",
                 .buffers = {from, packed},
                 .writes = 2,
                 .push = {word(blocks), word(operand.rows), word(operand.columns),
                          word(operand.to_rows), word(operand.to_columns)},
                 .workgroups = groups(device_, ceil_div(blocks, 8))});
  return packed;
}

namespace {

// The value of a specialization constant that says what elements are.
uint32_t kind_of(DType type) { return type == DType::f32 ? 0 : type == DType::bf16 ? 1 : 2; }

// The epilogue's bindings (shaders/common/matmul_epilogue.glsl).
void bind_epilogue(Dispatch& dispatch, const MatmulRanges& ranges) {
  const auto or_unused = [&](const BufferRange& range) {
    return range.memory == nullptr ? dispatch.buffers[0] : range;
  };
  const BufferRange bias = or_unused(ranges.bias);
  // Validation takes a buffer that a shader may write for written, though a constant says no: in
  // place of `pre` stands one that is written anyway.
  const BufferRange pre = ranges.pre.memory != nullptr ? ranges.pre : ranges.y;
  const BufferRange residual = or_unused(ranges.residual);
  dispatch.buffers.insert(dispatch.buffers.end(), {ranges.y, bias, pre, residual});
  dispatch.writes = 1u << 2 | (ranges.pre.memory != nullptr ? 1u << 4 : 0u);
}

// Constants 0 to 20, with those of the epilogue in place.
std::vector<uint32_t> matmul_constants(const MatmulTypes& types, const MatmulRanges& ranges) {
  std::vector<uint32_t> constants(21, 0);
  constants[1] = ranges.bias.memory != nullptr;
  constants[2] = static_cast<uint32_t>(ranges.activation);
  constants[3] = ranges.pre.memory != nullptr;
  constants[4] = ranges.residual.memory != nullptr;
  constants[12] = kind_of(types.y);
  constants[13] = kind_of(types.pre);
  return constants;
}

std::string shader_of(const MatmulVariant& variant, DType type) {
  if (variant.design == MatmulDesign::register_tile) return "matmul_register";
  if (variant.design == MatmulDesign::register_lanes) return "matmul_lanes";
  if (variant.design == MatmulDesign::emulated) return "matmul_emulated";
  if (variant.design == MatmulDesign::workgroup_emulated) return "matmul_workgroup_emulated";
  if (variant.by_workgroup()) return fmt::format("matmul_workgroup_{}", name_of(type));
  return variant.by_matrices() ? fmt::format("matmul_cooperative_{}", name_of(type))
                               : "matmul_tile";
}

}  // namespace

void VulkanMatmul::add_register_words(Dispatch& dispatch) const {
  const Operand left = operand(true);
  const Operand right = operand(false);
  const int64_t group = std::max<int64_t>(1, cached_floats / (part_k_ * variant_.tile_n));
  dispatch.push.insert(dispatch.push.end(),
                       {word(left.to_columns / 4), word(right.to_columns / 4),
                        word(left.floats(1) / 4), word(right.floats(1) / 4), word(group)});
  dispatch.specialization.resize(7);
}

void VulkanMatmul::add_tile_words(Dispatch& dispatch) const {
  std::vector<uint32_t>& constants = dispatch.specialization;
  const bool matrices = variant_.by_matrices();
  const int64_t step = matrices ? 8 : 4;
  const int64_t along_a = shape_.transpose_a ? shape_.m : shape_.k;
  const int64_t along_b = shape_.transpose_b ? shape_.k : shape_.n;
  std::copy(variant_.constants.begin(), variant_.constants.end(), constants.begin() + 6);
  constants[14] = variant_.matrix.m;
  constants[15] = variant_.matrix.n;
  constants[16] = variant_.matrix.k;
  constants[17] = kind_of(types_.in);
  constants[18] = along_a % step == 0;
  constants[19] = along_b % step == 0;
  constants[20] = variant_.lanes;
}

Dispatch VulkanMatmul::multiply(const BufferRange& a, const BufferRange& b, const BufferRange& y,
                                const MatmulRanges& ranges) const {
  const MatmulShape& s = shape_;
  const int64_t tiles = tiles_ * parts_;
  // Parts, and what is finished apart, are f32 and have no epilogue.
  const bool apart = finishes_apart();
  MatmulRanges written = apart ? MatmulRanges{} : ranges;
  written.y = y;
  Dispatch dispatch{.shader = shader_of(variant_, types_.in),
                    .buffers = {a, b},
                    .specialization = matmul_constants(apart ? MatmulTypes{} : types_, written),
                    .push = {word(tiles), word(s.batch), word(s.m), word(s.n), word(s.k)},
                    .workgroups = groups(device_, tiles)};
  bind_epilogue(dispatch, written);
  dispatch.specialization[0] = s.transpose_a;
  dispatch.specialization[5] = s.transpose_b;
  dispatch.specialization[6] = variant_.constants[0];
  if (uses_registers()) {
    add_register_words(dispatch);
  } else {
    add_tile_words(dispatch);
  }
  dispatch.push.push_back(word(part_k_));
  dispatch.push.push_back(word(parts_));
  return dispatch;
}

Dispatch finish_dispatch(const DeviceInfo& device, const MatmulShape& shape,
                         const MatmulTypes& types, const BufferRange& products, int64_t parts,
                         int64_t stride, const MatmulRanges& ranges) {
  const int64_t count = shape.batch * shape.m * shape.n;
  Dispatch dispatch{.shader = "matmul_finish",
                    .buffers = {products, products},
                    .specialization = matmul_constants(types, ranges),
                    .push = {word(count), word(shape.n), word(parts), word(stride)},
                    .workgroups = groups(device, ceil_div(count, 128))};
  bind_epilogue(dispatch, ranges);
  return dispatch;
}

Dispatch sum_rows_dispatch(const DeviceInfo& device, const BufferRange& from, const BufferRange& to,
                           const RowSums& sums) {
  return {.shader = "matmul_sum_rows",
          .buffers = {from, to},
          .writes = 2,
          .specialization = {kind_of(sums.type)},
          .push = {word(sums.rows), word(sums.columns), word(sums.stride), word(sums.part_rows),
                   word(sums.parts())},
          .workgroups = groups(device, ceil_div(sums.columns, 64) * sums.parts())};
}

void VulkanMatmul::sum_columns(const MatmulRanges& ranges, const BufferRange& scratch,
                               std::vector<Dispatch>& out) const {
  const int64_t m = shape_.m;
  const RowSums sums{shape_.k, m, m, column_rows, types_.in};
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
  if (finishes_apart()) {
    product = at(partials_);
    product.bytes = static_cast<size_t>(parts_ * count) * 4;
  }
  all.push_back(multiply(a, b, product, ranges));
  if (finishes_apart()) {
    all.push_back(finish_dispatch(device_, shape_, types_, product, parts_, count, ranges));
  }
  if (ranges.column_sums.memory != nullptr) sum_columns(ranges, scratch, all);
  return all;
}

}  // namespace tandem
