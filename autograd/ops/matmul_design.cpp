#include "autograd/ops/matmul_design.h"

#include "core/error.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string>

namespace tandem {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Named {
  MatmulDesign design;
  std::string_view name;
};

constexpr Named names[] = {{MatmulDesign::automatic, "automatic"},
                           {MatmulDesign::register_tile, "register"},
                           {MatmulDesign::register_lanes, "lanes"},
                           {MatmulDesign::small, "small"},
                           {MatmulDesign::medium, "medium"},
                           {MatmulDesign::large, "large"},
                           {MatmulDesign::cooperative_small, "cooperative_small"},
                           {MatmulDesign::cooperative_medium, "cooperative_medium"},
                           {MatmulDesign::cooperative_large, "cooperative_large"},
                           {MatmulDesign::workgroup_small, "workgroup_small"},
                           {MatmulDesign::workgroup_medium, "workgroup_medium"},
                           {MatmulDesign::workgroup_large, "workgroup_large"},
                           {MatmulDesign::emulated, "emulated"},
                           {MatmulDesign::workgroup_emulated, "workgroup_emulated"}};

bool registers(MatmulDesign design) {
  return design == MatmulDesign::register_tile || design == MatmulDesign::register_lanes;
}

// Whether matmul_lanes.comp runs. SwiftShader's subgroups of 4 take an exchange apart into many
// instructions.
bool hands_rows_round(const DeviceInfo& device) {
  const uint32_t lanes = device.subgroup_size;
  return kernel_traits(device).subgroup_shuffles && (lanes == 8 || lanes == 16 || lanes == 32);
}

bool cooperative(MatmulDesign design) {
  return design == MatmulDesign::cooperative_small || design == MatmulDesign::cooperative_medium ||
         design == MatmulDesign::cooperative_large;
}

bool emulated(MatmulDesign design) {
  return design == MatmulDesign::emulated || design == MatmulDesign::workgroup_emulated;
}

bool workgroup(MatmulDesign design) {
  return design == MatmulDesign::workgroup_small || design == MatmulDesign::workgroup_medium ||
         design == MatmulDesign::workgroup_large || design == MatmulDesign::workgroup_emulated;
}

// shaders/matmul/matmul_register.comp, matmul_lanes.comp and matmul_tile.comp
MatmulVariant shared_tile(MatmulDesign design, const DeviceInfo& device) {
  const auto made = [design](std::array<uint32_t, 6> c) {
    return MatmulVariant{design, c[1], c[2], c[3], c, {}, 0};
  };
  // threads, tile_m, tile_n, tile_k, thread_m, thread_n
  if (design == MatmulDesign::register_tile) return made({8, 32, 64, 4, 32, 8});
  const uint32_t lanes = device.subgroup_size;
  if (design == MatmulDesign::register_lanes) return made({lanes, 32, 8 * lanes, 4, 32, 8});
  if (design == MatmulDesign::small) return made({64, 32, 32, 16, 4, 4});
  if (design == MatmulDesign::medium) return made({128, 64, 64, 16, 8, 4});
  return made({256, 128, 128, 8, 8, 8});
}

// The device's size of matrices: the largest of that type by which tiles can be divided.
std::optional<CooperativeShape> matrix_of(DType type, const DeviceInfo& device) {
  std::optional<CooperativeShape> best;
  const KernelTraits traits = kernel_traits(device);
  for (const CooperativeShape& shape : traits.cooperative) {
    if (shape.type != type) continue;
    const auto divides = [](uint32_t side, uint32_t tile) {
      return side % 8 == 0 && tile % side == 0;
    };
    if (!divides(shape.m, 16) || !divides(shape.n, 16) || !divides(shape.k, 32)) continue;
    if (!best || shape.m * shape.n * shape.k > best->m * best->n * best->k) best = shape;
  }
  return best;
}

// A side of a tile and the subgroups along both axes.
struct MatrixTile {
  uint32_t side, groups_m, groups_n;
};

// Subgroups of wide devices are few, so that a workgroup has about 256 invocations.
MatrixTile matrix_tile(MatmulDesign design, uint32_t lanes) {
  if (design == MatmulDesign::cooperative_small) return {32, 2, 2};
  if (design != MatmulDesign::cooperative_large) return {64, 2, 2};
  if (lanes >= 64) return {128, 2, 2};
  return lanes >= 32 ? MatrixTile{128, 2, 4} : MatrixTile{128, 4, 4};
}

std::optional<MatmulVariant> matrix_variant(MatmulDesign design, DType type,
                                            const DeviceInfo& device) {
  MatmulVariant variant{.design = design, .tile_k = 32};
  MatrixTile tile{32, 2, 2};
  if (design == MatmulDesign::emulated) {
    variant.lanes = 16;  // unlike any subgroup, so that nothing depends on it
    variant.matrix = {type, 16, 8, 16};
  } else {
    const std::optional<CooperativeShape> matrix = matrix_of(type, device);
    if (!matrix) return std::nullopt;
    variant.lanes = device.subgroup_size;
    variant.matrix = *matrix;
    tile = matrix_tile(design, variant.lanes);
  }
  variant.tile_m = variant.tile_n = tile.side;
  variant.constants = {tile.groups_m * tile.groups_n * variant.lanes, tile.side, tile.side, 32,
                       tile.groups_m, tile.groups_n};
  return variant;
}

// Threads, tile_m, tile_n and tile_k (shaders/common/matmul_workgroup.glsl).
std::array<uint32_t, 6> workgroup_tile(MatmulDesign design) {
  if (design == MatmulDesign::workgroup_emulated) return {24, 32, 16, 16};
  if (design == MatmulDesign::workgroup_small) return {128, 64, 64, 64};
  if (design == MatmulDesign::workgroup_medium) return {256, 128, 128, 64};
  return {256, 128, 256, 64};
}

std::optional<MatmulVariant> workgroup_variant(MatmulDesign design, DType type,
                                               const DeviceInfo& device) {
  const std::array<uint32_t, 6> c = workgroup_tile(design);
  const auto fits = [&](const WorkgroupMatrices& matrices) {
    return matrices.type == type && matrices.invocations == c[0] && c[1] % matrices.m == 0 &&
           c[2] % matrices.n == 0 && c[3] % matrices.k == 0;
  };
  const std::vector<WorkgroupMatrices> offered = kernel_traits(device).workgroup;
  const bool can = emulated(design) ? device.storage_16bit
                                    : std::any_of(offered.begin(), offered.end(), fits);
  if (!can) return std::nullopt;
  return MatmulVariant{design, c[1], c[2], c[3], c, {}, 0};
}

// Bytes of shared memory, at most over transpositions.
uint32_t shared_bytes(const MatmulVariant& variant) {
  const auto& [threads, m, n, k, x, y] = variant.constants;
  if (variant.by_registers() || variant.by_workgroup()) return 0;
  if (!variant.by_matrices()) return (m + n + 3) * k * 4;
  const auto lines = [k](uint32_t side) {
    return 16 * std::max(side * (k / 8 + 1), k * (side / 8 + 1));
  };
  return lines(m) + lines(n) + x * y * variant.matrix.m * variant.matrix.n * 4;
}

MatmulDesign from_environment() {
  const char* text = std::getenv("TANDEM_MATMUL");
  if (text == nullptr || *text == 0) return MatmulDesign::automatic;
  if (const auto design = design_named(text)) return *design;
  std::string all;
  for (const MatmulDesign design : matmul_designs()) {
    all += fmt::format("{}{}", all.empty() ? "" : ", ", name_of(design));
  }
  fail<ConfigError>("TANDEM_MATMUL is '{}'; expected one of {}.", text, all);
}

// Products whose sides are between the same powers of two are alike.
std::string what_of(const MatmulShape& shape, const MatmulTypes& types) {
  const auto bits = [](int64_t side) { return std::bit_width(static_cast<uint64_t>(side)); };
  return fmt::format("{} {}{} {} m{} n{} k{}", shape.batch > 1 ? "products" : "product",
                     shape.transpose_a ? 'T' : 'N', shape.transpose_b ? 'T' : 'N',
                     name_of(types.in), bits(shape.m), bits(shape.n), bits(shape.k));
}

// Enough tiles to fill most GPUs; a larger tile reads less but makes fewer.
constexpr int64_t enough_tiles = 160;

MatmulDesign by_rule(const MatmulShape& shape, const MatmulTypes& types,
                     const DeviceInfo& device) {
  if (device.software() && types.in == DType::f32) {
    return hands_rows_round(device) ? MatmulDesign::register_lanes : MatmulDesign::register_tile;
  }
  const auto fills = [&](MatmulDesign design, int64_t tiles) {
    const auto variant = variant_of(design, types, device);
    return variant && variant->tiles(shape) >= tiles;
  };
  const bool narrow = std::min(shape.m, shape.n) <= 32;
  if (types.in != DType::f32 && !device.software() && matrix_of(types.in, device)) {
    if (fills(MatmulDesign::cooperative_large, enough_tiles)) {
      return MatmulDesign::cooperative_large;
    }
    if (!narrow && fills(MatmulDesign::cooperative_medium, enough_tiles / 4)) {
      return MatmulDesign::cooperative_medium;
    }
    if (variant_of(MatmulDesign::cooperative_small, types, device)) {
      return MatmulDesign::cooperative_small;
    }
  }
  // Without matrix units AMD's and Intel's devices do better with more, smaller tiles, and Apple's
  // with medium ones alone.
  const KernelTraits traits = kernel_traits(device);
  if (traits.apple()) return MatmulDesign::medium;
  const bool takes_large = device.kind == "discrete" && !traits.amd() && !traits.intel();
  if (takes_large && fills(MatmulDesign::large, enough_tiles)) return MatmulDesign::large;
  if (!narrow && fills(MatmulDesign::medium, enough_tiles / 4)) return MatmulDesign::medium;
  return MatmulDesign::small;
}

}  // namespace

std::string_view name_of(MatmulDesign design) {
  return names[static_cast<size_t>(design)].name;
}

std::optional<MatmulDesign> design_named(std::string_view name) {
  for (const Named& named : names) {
    if (named.name == name) return named.design;
  }
  return std::nullopt;
}

std::vector<MatmulDesign> matmul_designs() {
  std::vector<MatmulDesign> all;
  for (const Named& named : names) {
    if (named.design != MatmulDesign::automatic) all.push_back(named.design);
  }
  return all;
}

bool MatmulVariant::by_registers() const { return registers(design); }

bool MatmulVariant::by_workgroup() const { return workgroup(design); }

int64_t MatmulVariant::tiles(const MatmulShape& shape) const {
  return shape.batch * ceil_div(shape.m, tile_m) * ceil_div(shape.n, tile_n);
}

std::optional<MatmulVariant> variant_of(MatmulDesign design, const MatmulTypes& types,
                                        const DeviceInfo& device) {
  std::optional<MatmulVariant> variant;
  const bool narrow = types.in != DType::f32 || types.y != DType::f32 || types.pre != DType::f32;
  if (workgroup(design)) {
    if (types.in != DType::f32) variant = workgroup_variant(design, types.in, device);
  } else if (cooperative(design) || design == MatmulDesign::emulated) {
    if (types.in != DType::f32) variant = matrix_variant(design, types.in, device);
  } else if (registers(design) && narrow) {
    return std::nullopt;
  } else if (design != MatmulDesign::register_lanes || hands_rows_round(device)) {
    variant = shared_tile(design, device);
  }
  if (variant && (variant->constants[0] > device.max_workgroup_invocations ||
                  shared_bytes(*variant) > device.shared_memory_bytes)) {
    return std::nullopt;
  }
  return variant;
}

Tunable tunable_product(const MatmulShape& shape, const MatmulTypes& types,
                        const DeviceInfo& device) {
  Tunable tunable{.what = what_of(shape, types), .variants = {}};
  for (const MatmulDesign design : matmul_designs()) {
    if (emulated(design)) continue;
    if (registers(design) && !device.software()) continue;
    if (variant_of(design, types, device)) tunable.variants.emplace_back(name_of(design));
  }
  return tunable;
}

MatmulVariant choose_variant(const MatmulShape& shape, const MatmulTypes& types,
                             const DeviceInfo& device, MatmulDesign design) {
  if (design == MatmulDesign::automatic) design = from_environment();
  if (design == MatmulDesign::automatic) {
    const auto tuned = design_named(tuned_variant(device, what_of(shape, types)));
    design = tuned ? *tuned : by_rule(shape, types, device);
  }
  for (const MatmulDesign candidate : {design, MatmulDesign::medium}) {
    if (const auto variant = variant_of(candidate, types, device)) return *variant;
  }
  return shared_tile(MatmulDesign::small, device);
}

}  // namespace tandem
