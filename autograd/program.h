// A graph made ready for one device, to be run many times.
#pragma once

#include "autograd/memory_report.h"
#include "autograd/variables.h"

#include <map>
#include <memory>

namespace tandem {

struct CompileOptions {
  bool recompute_blocks = false;  // gradient checkpointing: compute blocks' inner values again
  DType precision = DType::f32;   // or bf16 or f16: of matrix products (autograd/precision.h)
  bool update = true;             // run what changes variables; else only what is fetched
};

// What a run is given: the bytes of every input, by name.
using Feeds = std::map<std::string, std::span<const std::byte>>;

template <class T>
std::span<const std::byte> as_feed(const std::vector<T>& values) {
  return std::as_bytes(std::span<const T>(values));
}

class Program {
 public:
  // Compiles what `fetches` and the graph's updates of variables need. The graph may go away
  // afterwards; variables and their device must outlive the program. Throws ShapeError,
  // DeviceError (an op without a kernel for the device, no memory).
  Program(const Graph& graph, Variables& variables, const std::vector<Tensor>& fetches,
          const CompileOptions& options = {});
  ~Program();

  // Runs once; may return before it is done (at most two runs are under way). Feeds must name
  // each input, with its exact size. Returns a ticket.
  uint64_t run(const Feeds& feeds);

  // Values of the i-th fetch after that run; only of the last two tickets.
  std::vector<float> fetch(uint64_t ticket, size_t index) const;

  // One run with a time for every kernel; empty where the device can't measure.
  std::vector<KernelTime> profile(const Feeds& feeds);

  // The ticket of the last run, or profile, which counts as one.
  uint64_t last_ticket() const { return ticket_; }

  const MemoryReport& memory() const { return memory_; }
  size_t kernels() const { return kernel_count_; }
  const std::vector<std::string>& inputs() const { return input_names_; }

 private:
  class Binder;

  std::vector<std::span<const std::byte>> arranged(const Feeds& feeds) const;

  Plan plan_;
  std::vector<std::unique_ptr<Memory>> memories_;
  std::vector<std::string> input_names_;
  std::vector<BufferRange> input_ranges_;
  std::unique_ptr<Recording> recording_;
  MemoryReport memory_;
  size_t kernel_count_ = 0;
  uint64_t ticket_ = 0;
};

}  // namespace tandem
