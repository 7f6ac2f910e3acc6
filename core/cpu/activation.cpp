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

}  // namespace

void activation_forward(Threads& threads, Activation kind, const float* x, float* y,
                        int64_t count) {
  threads.ranges(count, grain, [=](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward)(kind, x + begin, y + begin, end - begin);
  });
}

void activation_backward(Threads& threads, Activation kind, const Stored& x, const Stored& dy,
                         const Stored& dx, int64_t count) {
  threads.ranges(count, grain, [=](int64_t begin, int64_t end) {
    // Pieces whose floats stay in the nearest cache.
    std::array<float, 1024> some_x, some_dy, some_dx;
    constexpr auto piece = static_cast<int64_t>(some_x.size());
    for (int64_t at = begin; at < end; at += piece) {
      const int64_t some = std::min(piece, end - at);
      float* to = dx.floats() == nullptr ? some_dx.data() : dx.floats() + at;
      HWY_DYNAMIC_DISPATCH(backward)
      (kind, x.view(at, some, some_x.data()), dy.view(at, some, some_dy.data()), to, some);
      if (dx.floats() == nullptr) dx.store(to, at, some);
    }
  });
}

}  // namespace tandem
#endif
