// Which design a product gets on devices that are not here.
#include "autograd/ops/matmul_design.h"

#include "core/error.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace tandem;

namespace {

DeviceInfo card(uint32_t vendor, bool matrices) {
  DeviceInfo info;
  info.backend = "vulkan";
  info.kind = "discrete";
  info.subgroup_size = 32;
  info.shared_memory_bytes = 48 << 10;
  info.max_workgroup_invocations = 1024;
  info.uuid = fmt::format("a test's {} {}", vendor, matrices);
  KernelTraits traits{.vendor = vendor};
  if (matrices) {
    traits.cooperative = {
        {DType::f16, 16, 8, 8}, {DType::f16, 16, 16, 16}, {DType::f16, 16, 8, 16}};
  }
  set_kernel_traits(info, traits);
  return info;
}

constexpr uint32_t nvidia = 0x10de;
constexpr uint32_t amd = 0x1002;
constexpr uint32_t intel = 0x8086;
constexpr uint32_t apple = 0x106b;
constexpr MatmulShape large_layer{.m = 12800, .n = 3072, .k = 768, .transpose_b = true};
constexpr MatmulShape thin{.m = 12800, .n = 24, .k = 768};
constexpr MatmulTypes fp32;
constexpr MatmulTypes fp16{.in = DType::f16};
constexpr MatmulTypes bf16{.in = DType::bf16};

MatmulDesign chosen(const MatmulShape& shape, const MatmulTypes& types, const DeviceInfo& info) {
  return choose_variant(shape, types, info, MatmulDesign::automatic).design;
}

}  // namespace

TEST_CASE("large_tiles_go_to_discrete_cards_that_gain_by_them") {
  CHECK(chosen(large_layer, fp32, card(nvidia, false)) == MatmulDesign::large);
  CHECK(chosen(large_layer, fp32, card(amd, false)) == MatmulDesign::medium);
  CHECK(chosen(large_layer, fp32, card(intel, false)) == MatmulDesign::medium);
  CHECK(chosen(large_layer, fp32, card(apple, false)) == MatmulDesign::medium);
  CHECK(chosen(thin, fp32, card(nvidia, false)) == MatmulDesign::small);
  CHECK(chosen({.m = 64, .n = 64, .k = 64}, fp32, card(nvidia, false)) == MatmulDesign::small);
}

TEST_CASE("16_bit_factors_go_to_matrix_units_that_take_them") {
  const DeviceInfo info = card(nvidia, true);
  CHECK(chosen(large_layer, fp16, info) == MatmulDesign::cooperative_large);
  CHECK(chosen(thin, fp16, info) == MatmulDesign::cooperative_small);
  CHECK(chosen(large_layer, fp32, info) == MatmulDesign::large);
  CHECK(chosen(large_layer, bf16, info) == MatmulDesign::large);  // it has none for bf16
  CHECK(chosen(large_layer, fp16, card(nvidia, false)) == MatmulDesign::large);
}

TEST_CASE("the_largest_matrices_that_divide_the_tiles_are_taken") {
  const auto variant =
      variant_of(MatmulDesign::cooperative_large, fp16, card(nvidia, true));
  REQUIRE(variant);
  CHECK(variant->matrix == CooperativeShape{DType::f16, 16, 16, 16});
  CHECK(variant->constants[0] == 256);
  DeviceInfo odd = card(nvidia, false);
  odd.uuid = "a test's odd one";
  set_kernel_traits(odd, {.cooperative = {{DType::f16, 12, 16, 16}, {DType::f16, 16, 16, 4}}});
  CHECK(!variant_of(MatmulDesign::cooperative_large, fp16, odd));
}

TEST_CASE("workgroup_designs_are_tuned_for_but_not_taken_by_rule") {
  DeviceInfo info = card(nvidia, true);
  info.uuid = "a test's workgroups";
  KernelTraits traits = kernel_traits(card(nvidia, true));
  traits.workgroup = {{DType::f16, 32, 32, 16, 128}, {DType::f16, 64, 256, 64, 256}};
  set_kernel_traits(info, traits);
  const auto variant = variant_of(MatmulDesign::workgroup_large, fp16, info);
  REQUIRE(variant);
  CHECK(variant->tiles({.m = 129, .n = 257, .k = 8}) == 4);
  CHECK(!variant_of(MatmulDesign::workgroup_medium, fp16, info));  // 128 is no multiple of 256
  CHECK(!variant_of(MatmulDesign::workgroup_large, bf16, info));
  CHECK(chosen(large_layer, fp16, info) == MatmulDesign::cooperative_large);
  const std::vector<std::string> offered = tunable_product(large_layer, fp16, info).variants;
  CHECK(offered == std::vector<std::string>{"small", "medium", "large", "cooperative_small",
                                            "cooperative_medium", "cooperative_large",
                                            "workgroup_small", "workgroup_large"});
}

TEST_CASE("what_does_not_fit_a_device_is_replaced_by_what_does") {
  DeviceInfo least = card(nvidia, true);
  least.shared_memory_bytes = 16 << 10;
  least.max_workgroup_invocations = 128;
  CHECK(chosen(large_layer, fp32, least) == MatmulDesign::medium);
  CHECK(!variant_of(MatmulDesign::cooperative_large, fp16, least));
  const auto variant = choose_variant(large_layer, fp16, least, MatmulDesign::cooperative_large);
  CHECK(variant.constants[0] <= 128);
}

TEST_CASE("an_unknown_design_in_the_environment_is_refused") {
  setenv("TANDEM_MATMUL", "huge", 1);
  CHECK_THROWS_WITH_AS(
      chosen(large_layer, fp32, DeviceInfo{}),
      "TANDEM_MATMUL is 'huge'; expected one of register, lanes, small, medium, large, "
      "cooperative_small, cooperative_medium, cooperative_large, workgroup_small, "
      "workgroup_medium, workgroup_large, emulated, workgroup_emulated.",
      ConfigError);
  unsetenv("TANDEM_MATMUL");
}
