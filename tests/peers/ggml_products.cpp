// Products of ggml's Vulkan backend (https://github.com/ggml-org/ggml) in fp32, both factors with k
// along their rows as ggml has them (NT of tandem bench gemm): median GFLOP/s of half a second each.
//   c++ -O2 tests/peers/ggml_products.cpp -lggml -lggml-base -o ggml_products
//   ./ggml_products 512 1024
// ggml loads its backends, libggml-vulkan.so among them, when the program starts.
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ggml_backend_dev_t vulkan_device() {
  ggml_backend_load_all();
  for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (std::string_view(ggml_backend_dev_name(device)).starts_with("Vulkan")) return device;
  }
  std::fprintf(stderr, "ggml has no Vulkan device here.\n");
  std::exit(1);
}

double gflops(ggml_backend_t backend, int64_t n) {
  ggml_init_params params{ggml_tensor_overhead() * 8 + ggml_graph_overhead(), nullptr, true};
  ggml_context* context = ggml_init(params);
  ggml_tensor* a = ggml_new_tensor_2d(context, GGML_TYPE_F32, n, n);
  ggml_tensor* b = ggml_new_tensor_2d(context, GGML_TYPE_F32, n, n);
  ggml_cgraph* graph = ggml_new_graph(context);
  ggml_build_forward_expand(graph, ggml_mul_mat(context, a, b));
  ggml_backend_buffer_t buffer = ggml_backend_alloc_ctx_tensors(context, backend);
  const std::vector<float> ones(static_cast<size_t>(n * n), 1.0f);
  for (ggml_tensor* factor : {a, b}) {
    ggml_backend_tensor_set(factor, ones.data(), 0, ones.size() * sizeof(float));
  }
  std::vector<double> times;
  const double end = seconds() + 0.5;
  for (int i = 0; i < 4 || seconds() < end; ++i) {
    const double start = seconds();
    if (ggml_backend_graph_compute(backend, graph) != GGML_STATUS_SUCCESS) std::exit(1);
    if (i > 0) times.push_back(seconds() - start);  // the first one compiles
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  ggml_backend_buffer_free(buffer);
  ggml_free(context);
  return 2e-9 * static_cast<double>(n * n * n) / times[times.size() / 2];
}

}  // namespace

int main(int count, char** sizes) {
  ggml_backend_dev_t device = vulkan_device();
  ggml_backend_t backend = ggml_backend_dev_init(device, nullptr);
  std::printf("%s\n", ggml_backend_dev_description(device));
  for (int i = 1; i < count; ++i) {
    std::printf("%s: %.1f GFLOP/s\n", sizes[i], gflops(backend, std::atoll(sizes[i])));
  }
  ggml_backend_free(backend);
}
