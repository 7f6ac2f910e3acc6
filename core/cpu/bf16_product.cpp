#include "core/cpu/bf16_product.h"

#include "core/cpu/thread_scratch.h"
#include "core/error.h"

#include <dlfcn.h>

namespace tandem {

namespace {

using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// A matrix [rows, columns]; transposed, it lies in memory as [columns, rows].
memory::desc matrix(int64_t rows, int64_t columns, memory::data_type type, int64_t stride,
                    bool transposed) {
  return {{rows, columns}, type, transposed ? memory::dims{1, stride} : memory::dims{stride, 1}};
}

memory argument(const memory::desc& desc, const void* data) {
  return {desc, engine(), const_cast<void*>(data)};
}

thread_local cpu::ThreadScratch scratch;

}  // namespace

bool multiplies_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

void one_thread_for_onednn() {
  using SetThreads = void (*)(int);
  static const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  thread_local bool done = false;
  if (done) return;
  if (set != nullptr) set(1);
  done = true;
}

Bf16Product::Bf16Product(const Sizes& s) : sizes_(s) {
  constexpr auto half = memory::data_type::bf16;
  // A primitive divides its work by the team that is there when it is made.
  one_thread_for_onednn();
  try {
    a_ = matrix(s.m, s.k, half, s.stride_a, s.transpose_a);
    b_ = matrix(s.k, s.n, half, s.stride_b, s.transpose_b);
    y_ = matrix(s.m, s.n, memory::data_type::f32, lone_column() ? 1 : s.stride_y, false);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc chosen(engine(), a_, b_, y_, attributes);
#else
    const dnnl::matmul::primitive_desc chosen({a_, b_, y_}, attributes, engine());
#endif
    scratch_ = chosen.scratchpad_desc();
    matmul_ = dnnl::matmul(chosen);
  } catch (const dnnl::error& error) {
    fail<DeviceError>("matmul: oneDNN has no bf16 product of [{}, {}] by [{}, {}]: {}.", s.m, s.k,
                      s.k, s.n, error.what());
  }
}

bool Bf16Product::run(const uint16_t* a, const uint16_t* b, float* y) const {
  try {
    thread_local dnnl::stream stream(engine());
    one_thread_for_onednn();
    const auto floats = static_cast<int64_t>(scratch_.get_size() / sizeof(float)) + 1;
    scratch.reserve(floats + sizes_.m);
    float* pad = scratch.take(floats);
    float* column = scratch.take(sizes_.m);
    matmul_.execute(stream, {{DNNL_ARG_SRC, argument(a_, a)},
                             {DNNL_ARG_WEIGHTS, argument(b_, b)},
                             {DNNL_ARG_DST, argument(y_, lone_column() ? column : y)},
                             {DNNL_ARG_SCRATCHPAD, argument(scratch_, pad)}});
    for (int64_t i = 0; lone_column() && i < sizes_.m; ++i) y[i * sizes_.stride_y] = column[i];
  } catch (const dnnl::error&) {
    return false;
  }
  return true;
}

}  // namespace tandem
