#include "train/cli/node_run.h"

#include "core/cpu/stored.h"
#include "core/philox.h"
#include "train/cli/spread.h"

namespace tandem {

// On a GPU several go in one submission, whose own cost then is little.
NodeRun::NodeRun(Device& device, const Plan& plan, const Node& node)
    : device_(device), repeats_(device.info().software() ? 1 : 16) {
  const VulkanBinding bound = binding(plan, node);
  std::vector<Kernel> kernels;
  for (int i = 0; i < repeats_; ++i) {
    kernels.push_back(
        {.label = std::string(node.op->name), .host = nullptr, .dispatches = node.op->vulkan(bound)});
  }
  // The first word of the result is fetched, to know when it is there.
  result_ = bound.output(0);
  result_type_ = *bound.outputs.front();
  recording_ = device.record(std::move(kernels), {}, {{result_.memory, result_.offset, 4}});
}

double NodeRun::run() {
  return seconds_of([&] { recording_->output(recording_->submit({}), 0); }) / repeats_;
}

std::vector<float> NodeRun::result() {
  std::vector<std::byte> bytes(result_.bytes);
  device_.read(result_, bytes.data());
  std::vector<float> values(static_cast<size_t>(result_type_.shape.elements()));
  Stored{bytes.data(), result_type_.dtype}.load(0, result_type_.shape.elements(), values.data());
  return values;
}

BufferRange NodeRun::block(size_t bytes) {
  bytes = (bytes + 3) / 4 * 4;
  memories_.push_back(device_.allocate(bytes, "a kernel to be timed"));
  return {memories_.back().get(), 0, bytes};
}

BufferRange NodeRun::filled(const TensorType& type) {
  const BufferRange range = block(type.bytes());
  if (type.dtype == DType::i32) return range;
  Random random(1, static_cast<uint32_t>(memories_.size()), 0, RandomUse::test);
  std::vector<float> values(static_cast<size_t>(type.shape.elements()));
  for (float& value : values) value = random.uniform(-1, 1);
  std::vector<std::byte> bytes(range.bytes);
  Stored{bytes.data(), type.dtype}.store(values.data(), 0, type.shape.elements());
  device_.write(range, bytes.data());
  return range;
}

VulkanBinding NodeRun::binding(const Plan& plan, const Node& node) {
  VulkanBinding bound;
  bound.attributes = &node.attributes;
  bound.device = &device_.info();
  for (const int id : node.inputs) {
    const TensorType* type = id < 0 ? nullptr : &plan.values[static_cast<size_t>(id)].type;
    bound.inputs.push_back(type);
    bound.input_ranges.push_back(type == nullptr ? BufferRange{} : filled(*type));
  }
  for (const int id : node.outputs) {
    bound.outputs.push_back(&plan.values[static_cast<size_t>(id)].type);
    bound.output_ranges.push_back(block(bound.outputs.back()->bytes()));
  }
  const size_t scratch = node.op->scratch == nullptr ? 0 : node.op->scratch(bound, device_.info());
  if (scratch > 0) bound.scratch = block(scratch);
  return bound;
}

}  // namespace tandem
