// How matrix products are computed on Vulkan: the designs, and which one a product gets.
#pragma once

#include "autograd/tuning.h"
#include "core/cpu/matmul.h"
#include "core/kernel_traits.h"

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace tandem {

// The register designs are for drivers that run on the CPU, the second of them where lanes can
// exchange values. Small, medium and large are tiles in shared memory. The cooperative ones take
// 16-bit factors to the device's matrix units, and so do the workgroup ones, which leave to the
// driver how. The emulated ones do what those two do without such units, for tests.
enum class MatmulDesign : uint8_t {
  automatic,
  register_tile,
  register_lanes,
  small,
  medium,
  large,
  cooperative_small,
  cooperative_medium,
  cooperative_large,
  workgroup_small,
  workgroup_medium,
  workgroup_large,
  emulated,
  workgroup_emulated
};

// "automatic", "register", "small", ...
std::string_view name_of(MatmulDesign design);

// The design of that name, if there is one.
std::optional<MatmulDesign> design_named(std::string_view name);

// All but `automatic`.
std::vector<MatmulDesign> matmul_designs();

// A design made for one device and one type of factors.
struct MatmulVariant {
  MatmulDesign design = MatmulDesign::automatic;
  int64_t tile_m = 0, tile_n = 0, tile_k = 0;
  // Constants 6 to 11 of its shader: invocations, the tile, and how it is dealt out.
  std::array<uint32_t, 6> constants{};
  CooperativeShape matrix;  // of the cooperative ones and the emulated one
  uint32_t lanes = 0;       // invocations that hold a matrix

  bool by_registers() const;
  bool by_matrices() const { return lanes != 0; }
  bool by_workgroup() const;
  int64_t tiles(const MatmulShape& shape) const;
};

// The variant of a design, if the device can run it on factors of that type.
std::optional<MatmulVariant> variant_of(MatmulDesign design, const MatmulTypes& types,
                                        const DeviceInfo& device);

// The designs that a device can be given for a product. Products of like sizes, to a factor of two,
// share what is found.
Tunable tunable_product(const MatmulShape& shape, const MatmulTypes& types,
                        const DeviceInfo& device);

// The variant for a product: where the design is `automatic` the tuned one, or else by shape and
// vendor; the environment variable TANDEM_MATMUL overrides both, for experiments; throws
// ConfigError if it names no design. A design that the device can't run is replaced by one that it
// can.
MatmulVariant choose_variant(const MatmulShape& shape, const MatmulTypes& types,
                             const DeviceInfo& device, MatmulDesign design);

}  // namespace tandem
