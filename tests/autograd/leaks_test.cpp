// Programs give back what they take.
#include "autograd/ops/matmul.h"
#include "autograd/ops/reduce.h"
#include "autograd/program.h"
#include "tests/devices.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

using namespace tandem;

namespace {

// Of this process, in bytes.
int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A product of matrices and its gradient: variables, activations and constants of over 1 MiB.
void compile_and_run(Device& device) {
  Graph graph;
  const Tensor x = graph.input("x", {DType::f32, {256, 256}});
  const Tensor w = graph.parameter("w", {256, 256}, Initializer::normal(1));
  const Tensor loss = sum(matmul(matmul(x, w), w));
  Variables variables(device);
  Program program(graph, variables, {loss, gradients(loss, {w})[0]});
  variables.initialize(1);
  const std::vector<float> values(256 * 256, 1.0f);
  for (int i = 0; i < 3; ++i) {
    const uint64_t ticket = program.run({{"x", as_feed(values)}});
    CHECK(program.fetch(ticket, 1).size() == 256 * 256);
  }
}

}  // namespace

TEST_CASE("programs_compiled_and_run_again_and_again_leave_no_memory_behind") {
  // What is large goes back at once. Else it lies between what synchronization validation keeps.
  mallopt(M_MMAP_THRESHOLD, 64 << 10);
  for_each_test_device([](Device& device) {
    for (int i = 0; i < 10; ++i) compile_and_run(device);
    const int64_t before = resident_bytes();
    for (int i = 0; i < 40; ++i) compile_and_run(device);  // which hold over 40 MiB
    const int64_t grown = resident_bytes() - before;
    INFO("grown by ", grown, " bytes");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what is freed
    CHECK(grown <= 4 << 20);
#endif
  });
}
