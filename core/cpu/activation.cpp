#include "core/cpu/activation.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/cpu/activation.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tandem {
namespace HWY_NAMESPACE {

// y[i] = body(i, vector type) over [0, count): whole vectors, then one lane at a time.
template <class Body>
HWY_INLINE void each(int64_t count, Body&& body) {
  const hn::ScalableTag<float> wide;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(wide));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(wide, i);
  for (; i < count; ++i) body(one, i);
}

void forward(Activation kind, const float* x, float* y, int64_t count) {
  with_activation(kind, [&]<Activation known>() {
    each(count,
         [&](auto d, int64_t i) { hn::StoreU(activate<known>(d, hn::LoadU(d, x + i)), d, y + i); });
  });
}

void backward(Activation kind, const float* x, const float* dy, float* dx, int64_t count) {
  with_activation(kind, [&]<Activation known>() {
    each(count, [&](auto d, int64_t i) {
      const auto slope = derivative<known>(d, hn::LoadU(d, x + i));
      hn::StoreU(hn::Mul(slope, hn::LoadU(d, dy + i)), d, dx + i);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tandem {

namespace {

constexpr int64_t grain = 16384;  // elements of a task: 10 to 20 us

HWY_EXPORT(forward);
HWY_EXPORT(backward);

// Elements of a piece, whose floats stay in the nearest cache.
constexpr int64_t piece = 1024;

// body(at, count, to) for pieces of [begin, end): `to` is where the result's floats go.
template <class Body>
void each_piece(int64_t begin, int64_t end, const Stored& result, Body&& body) {
  std::array<float, piece> some;
  for (int64_t at = begin; at < end; at += piece) {
    const int64_t count = std::min(piece, end - at);
    float* to = result.floats() == nullptr ? some.data() : result.floats() + at;
    body(at, count, to);
    if (result.floats() == nullptr) result.store(to, at, count);
  }
}

}  // namespace

void activation_forward(Threads& threads, Activation kind, const Stored& x, const Stored& y,
                        int64_t count) {
  threads.ranges(count, grain, [=](int64_t begin, int64_t end) {
    std::array<float, piece> some_x;
    each_piece(begin, end, y, [&](int64_t at, int64_t some, float* to) {
      HWY_DYNAMIC_DISPATCH(forward)(kind, x.view(at, some, some_x.data()), to, some);
    });
  });
}

void activation_backward(Threads& threads, Activation kind, const Stored& x, const Stored& dy,
                         const Stored& dx, int64_t count) {
  threads.ranges(count, grain, [=](int64_t begin, int64_t end) {
    std::array<float, piece> some_x, some_dy;
    each_piece(begin, end, dx, [&](int64_t at, int64_t some, float* to) {
      HWY_DYNAMIC_DISPATCH(backward)
      (kind, x.view(at, some, some_x.data()), dy.view(at, some, some_dy.data()), to, some);
    });
  });
}

}  // namespace tandem
#endif
