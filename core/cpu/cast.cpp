#include "core/cpu/cast.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/cast.cpp"
#include <hwy/foreach_target.h>  // first: compiles this file once a target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tandem::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Branch-free loops become vectors of the target.
void to_bf16(const float* HWY_RESTRICT from, uint16_t* HWY_RESTRICT to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<uint32_t>(from[i]);
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40u;
    to[i] = static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
  }
}

void from_bf16(const uint16_t* HWY_RESTRICT from, float* HWY_RESTRICT to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = std::bit_cast<float>(uint32_t{from[i]} << 16);
}

void from_i32(const int32_t* HWY_RESTRICT from, float* HWY_RESTRICT to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

// Targets without the processor's own half conversions (before AVX2) go one by one.
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
constexpr bool native_half = true;
#else
constexpr bool native_half = false;
#endif

void to_f16(const float* from, uint16_t* to, int64_t count) {
  int64_t i = 0;
  if constexpr (native_half) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> half;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (; i + lanes <= count; i += lanes) {
      hn::StoreU(hn::DemoteTo(half, hn::LoadU(d, from + i)), half,
                 reinterpret_cast<hwy::float16_t*>(to + i));
    }
  }
  for (; i < count; ++i) to[i] = f16_from_float(from[i]);
}

void from_f16(const uint16_t* from, float* to, int64_t count) {
  int64_t i = 0;
  if constexpr (native_half) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> half;
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (; i + lanes <= count; i += lanes) {
      const auto* at = reinterpret_cast<const hwy::float16_t*>(from + i);
      hn::StoreU(hn::PromoteTo(d, hn::LoadU(half, at)), d, to + i);
    }
  }
  for (; i < count; ++i) to[i] = float_from_f16(from[i]);
}

}  // namespace tandem::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

HWY_EXPORT(to_bf16);
HWY_EXPORT(from_bf16);
HWY_EXPORT(from_i32);
HWY_EXPORT(to_f16);
HWY_EXPORT(from_f16);

void cpu_cast(DType from_type, const void* from, DType to_type, void* to, int64_t begin,
              int64_t end) {
  const int64_t count = end - begin;
  if (from_type == DType::f32) {
    const float* source = static_cast<const float*>(from) + begin;
    uint16_t* target = static_cast<uint16_t*>(to) + begin;
    if (to_type == DType::bf16) {
      HWY_DYNAMIC_DISPATCH(to_bf16)(source, target, count);
    } else {
      HWY_DYNAMIC_DISPATCH(to_f16)(source, target, count);
    }
    return;
  }
  float* target = static_cast<float*>(to) + begin;
  if (from_type == DType::bf16) {
    HWY_DYNAMIC_DISPATCH(from_bf16)(static_cast<const uint16_t*>(from) + begin, target, count);
  } else if (from_type == DType::f16) {
    HWY_DYNAMIC_DISPATCH(from_f16)(static_cast<const uint16_t*>(from) + begin, target, count);
  } else {
    HWY_DYNAMIC_DISPATCH(from_i32)(static_cast<const int32_t*>(from) + begin, target, count);
  }
}

}  // namespace tandem
#endif
