#include "autograd/ops/optimizer_dispatch.h"

#include "autograd/ops/dispatch.h"
#include "autograd/ops/reduce_dispatch.h"
#include "core/cpu/optimizer.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr int64_t row_blocks = 256;  // that one workgroup of the norm's first pass takes, and
constexpr int64_t row_sums = 256;    // the sums that it leaves

int64_t rows_of(int64_t blocks) { return (blocks + row_blocks - 1) / row_blocks; }

// The sums of the first pass: [rows, 256].
ReduceSize sums_size(int64_t count) { return {1, rows_of(count / arena_block), row_sums}; }

size_t sums_bytes(int64_t count) {
  return static_cast<size_t>(rows_of(count / arena_block) * row_sums) * sizeof(float);
}

// Blocks whose elements one binding may span: whole rows, so that cuts change no sum.
int64_t slice_blocks(const DeviceInfo& device) {
  const auto most = static_cast<int64_t>(std::min<uint64_t>(device.max_storage_range, 1u << 31));
  const int64_t row_bytes = row_blocks * arena_block * static_cast<int64_t>(sizeof(float));
  return std::max<int64_t>(1, most / row_bytes) * row_blocks;
}

BufferRange part(const BufferRange& range, int64_t first, int64_t count, int64_t bytes_each) {
  return {range.memory, range.offset + static_cast<size_t>(first * bytes_each),
          static_cast<size_t>(count * bytes_each)};
}

constexpr int64_t block_bytes = arena_block * static_cast<int64_t>(sizeof(float));
constexpr int64_t entry_bytes = 2 * static_cast<int64_t>(sizeof(int32_t));

// How a shader that updates parameters binds its buffers: `arenas` of one layout, the blocks, and
// the rest whole.
struct UpdateShader {
  const char* name;
  size_t arenas;
  uint32_t writes;
};

Dispatch update_slice(const VulkanBinding& binding, const UpdateShader& shader, int64_t first,
                      int64_t count) {
  Dispatch dispatch;
  dispatch.shader = shader.name;
  for (size_t i = 0; i < shader.arenas; ++i) {
    dispatch.buffers.push_back(part(binding.input(i), first, count, block_bytes));
  }
  dispatch.buffers.push_back(part(binding.input(shader.arenas), first, count, entry_bytes));
  const size_t groups = shader.arenas + 1;
  for (size_t i = groups; i < groups + 3; ++i) dispatch.buffers.push_back(binding.input(i));
  dispatch.writes = shader.writes;
  dispatch.push = {static_cast<uint32_t>(binding.in(groups)[0])};
  return strided_dispatch(*binding.device, std::move(dispatch), count, 4);
}

std::vector<Dispatch> update_dispatches(const VulkanBinding& binding, const UpdateShader& shader) {
  const int64_t blocks = binding.in(0).elements() / arena_block;
  const int64_t slice = slice_blocks(*binding.device);
  std::vector<Dispatch> all;
  for (int64_t first = 0; first < blocks; first += slice) {
    all.push_back(update_slice(binding, shader, first, std::min(slice, blocks - first)));
  }
  return all;
}

Dispatch squares_slice(const VulkanBinding& binding, int64_t first, int64_t count) {
  constexpr int64_t row_bytes = row_sums * static_cast<int64_t>(sizeof(float));
  Dispatch dispatch;
  dispatch.shader = "norm_squares";
  dispatch.buffers = {part(binding.input(0), first, count, block_bytes),
                      part(binding.input(1), first, count, entry_bytes),
                      part(binding.scratch, first / row_blocks, rows_of(count), row_bytes)};
  dispatch.writes = 0b100;
  return strided_dispatch(*binding.device, std::move(dispatch), count, row_blocks);
}

}  // namespace

size_t norm_scratch(const DeviceInfo& device, int64_t count) {
  // The sums, what reducing them wants, and the row of sums that is left.
  return sums_bytes(count) + reduction_scratch(device, sums_size(count)) + row_sums * sizeof(float);
}

std::vector<Dispatch> norm_dispatches(const VulkanBinding& binding) {
  const int64_t count = binding.in(0).elements();
  const int64_t blocks = count / arena_block;
  const int64_t slice = slice_blocks(*binding.device);
  std::vector<Dispatch> all;
  for (int64_t first = 0; first < blocks; first += slice) {
    all.push_back(squares_slice(binding, first, std::min(slice, blocks - first)));
  }
  const BufferRange sums{binding.scratch.memory, binding.scratch.offset, sums_bytes(count)};
  const BufferRange left{binding.scratch.memory, sums.offset + sums.bytes,
                         row_sums * sizeof(float)};
  const size_t inner_bytes = reduction_scratch(*binding.device, sums_size(count));
  const BufferRange inner{binding.scratch.memory, left.offset + left.bytes, inner_bytes};
  for (Dispatch& level :
       reduction_dispatches(*binding.device, "sum", sums_size(count), sums, left, 1.0f, inner)) {
    all.push_back(std::move(level));
  }
  Dispatch root;
  root.shader = "norm_root";
  root.buffers = {left, binding.input(2), binding.output(0)};
  root.writes = 0b100;
  all.push_back(std::move(root));
  return all;
}

std::vector<Dispatch> adamw_dispatches(const VulkanBinding& binding) {
  return update_dispatches(binding, {"adamw", 4, 0b1101});
}

std::vector<Dispatch> sgd_dispatches(const VulkanBinding& binding) {
  return update_dispatches(binding, {"sgd", 3, 0b101});
}

}  // namespace tandem
