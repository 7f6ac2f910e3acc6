#include "autograd/program.h"

#include "autograd/low_products.h"
#include "core/cpu/cpu_device.h"

#include <algorithm>
#include <cstring>

namespace tandem {

// Gives values their memory and nodes their kernels.
class Program::Binder {
 public:
  Binder(Plan& plan, const Variables& variables, std::vector<std::unique_ptr<Memory>>& memories)
      : plan_(plan), variables_(variables), device_(variables.device()), memories_(memories) {
    for (const size_t bytes : plan.blocks) {
      memories.push_back(device_.allocate(bytes, "activations and gradients"));
      blocks_.push_back(memories.back().get());
    }
    upload_constants();
  }

  BufferRange range(int id) const {
    const auto index = static_cast<size_t>(id);
    const Value& value = plan_.values[static_cast<size_t>(plan_.roots[index])];
    const size_t bytes = plan_.values[index].type.bytes();
    switch (value.source) {
      case Value::Source::variable:
        return variables_.range(value.name);
      case Value::Source::arena:
        return variables_.trainable_arena();
      case Value::Source::constant:
        return constants_.at(plan_.roots[index]);
      default:
        break;
    }
    const Place& place = plan_.places[index];
    if (place.storage < 0) return {};
    const Storage& storage = plan_.storages[static_cast<size_t>(place.storage)];
    return {blocks_[static_cast<size_t>(storage.block)], storage.offset + place.offset, bytes};
  }

  Kernel kernel(size_t index) const {
    const Node& node = plan_.nodes[index];
    Kernel kernel{.label = node.scope.empty() ? std::string(node.op->name)
                                              : fmt::format("{} {}", node.scope, node.op->name),
                  .host = nullptr,
                  .dispatches = {}};
    if (device_.info().backend == "cpu") {
      require(node, node.op->cpu != nullptr);
      kernel.host = node.op->cpu(cpu_binding(node, index));
    } else {
      require(node, node.op->vulkan != nullptr);
      kernel.dispatches = node.op->vulkan(vulkan_binding(node, index));
    }
    return kernel;
  }

  size_t constant_bytes() const {
    size_t sum = 0;
    for (const auto& [id, range] : constants_) sum += range.bytes;
    return sum;
  }

 private:
  void upload_constants() {
    for (const int id : used_constants(plan_)) {
      const Value& value = plan_.values[static_cast<size_t>(id)];
      memories_.push_back(device_.allocate(value.constant.size(), "a constant"));
      const BufferRange range{memories_.back().get(), 0, value.constant.size()};
      device_.write(range, value.constant.data());
      constants_[id] = range;
    }
  }

  void require(const Node& node, bool there) const {
    if (!there) {
      fail<DeviceError>("{}: has no kernel for the {} backend.", node.op->name,
                        device_.info().backend);
    }
  }

  void fill_types(OpContext& context, const Node& node) const {
    context.attributes = &node.attributes;
    for (const int id : node.inputs) {
      context.inputs.push_back(id < 0 ? nullptr : &plan_.values[static_cast<size_t>(id)].type);
    }
    for (const int id : node.outputs) {
      context.outputs.push_back(&plan_.values[static_cast<size_t>(id)].type);
    }
  }

  BufferRange scratch(size_t index) const {
    const int id = plan_.scratch[index];
    if (id < 0) return {};
    const Storage& storage = plan_.storages[static_cast<size_t>(id)];
    return {blocks_[static_cast<size_t>(storage.block)], storage.offset, storage.bytes};
  }

  static std::byte* address(const BufferRange& range) {
    return range.memory == nullptr ? nullptr : range.memory->host() + range.offset;
  }

  CpuBinding cpu_binding(const Node& node, size_t index) const {
    CpuBinding binding;
    fill_types(binding, node);
    for (const int id : node.inputs) {
      binding.input_data.push_back(id < 0 ? nullptr : address(range(id)));
    }
    for (const int id : node.outputs) binding.output_data.push_back(address(range(id)));
    binding.scratch = address(scratch(index));
    binding.threads = &dynamic_cast<CpuDevice&>(device_).threads();
    return binding;
  }

  VulkanBinding vulkan_binding(const Node& node, size_t index) const {
    VulkanBinding binding;
    fill_types(binding, node);
    for (const int id : node.inputs) {
      binding.input_ranges.push_back(id < 0 ? BufferRange{} : range(id));
    }
    for (const int id : node.outputs) binding.output_ranges.push_back(range(id));
    binding.scratch = scratch(index);
    binding.device = &device_.info();
    return binding;
  }

  Plan& plan_;
  const Variables& variables_;
  Device& device_;
  std::vector<std::unique_ptr<Memory>>& memories_;
  std::vector<Memory*> blocks_;
  std::map<int, BufferRange> constants_;
};

namespace {

// The fetches, all of which are f32.
const std::vector<Tensor>& checked(const std::vector<Tensor>& fetches) {
  for (size_t i = 0; i < fetches.size(); ++i) {
    if (fetches[i].dtype() == DType::f32) continue;
    fail<ShapeError>("program: fetch {} is {} but only f32 can be fetched; cast it.", i,
                     fetches[i].type().str());
  }
  return fetches;
}

}  // namespace

Program::Program(const Graph& graph, Variables& variables, const std::vector<Tensor>& fetches,
                 const CompileOptions& options)
    : plan_(make_plan(
          graph, checked(fetches), options.recompute_blocks,
          {.dtype = options.precision, .kernels = variables.device().info().backend == "cpu"},
          options.update)) {
  if (has_low_products(variables.device().info())) use_low_products(plan_);
  variables.add(graph);
  place_values(plan_, variables.device().info());
  const Binder binder(plan_, variables, memories_);
  std::vector<Kernel> kernels;
  for (size_t i = 0; i < plan_.nodes.size(); ++i) {
    if (!plan_.nodes[i].op->view) kernels.push_back(binder.kernel(i));
  }
  kernel_count_ = kernels.size();
  for (size_t i = 0; i < plan_.values.size(); ++i) {
    if (plan_.values[i].source != Value::Source::input || plan_.places[i].storage < 0) continue;
    input_names_.push_back(plan_.values[i].name);
    input_ranges_.push_back(binder.range(static_cast<int>(i)));
  }
  std::vector<BufferRange> outputs;
  for (const int fetch : plan_.fetches) outputs.push_back(binder.range(fetch));
  recording_ = variables.device().record(std::move(kernels), input_ranges_, std::move(outputs));
  memory_ = {variables.trainable_arena().bytes, variables.bytes(Variable::Kind::frozen),
             variables.bytes(Variable::Kind::state), binder.constant_bytes(),
             plan_.arena_bytes()};
}

Program::~Program() = default;

std::vector<std::span<const std::byte>> Program::arranged(const Feeds& feeds) const {
  std::vector<std::span<const std::byte>> result;
  for (size_t i = 0; i < input_names_.size(); ++i) {
    const auto feed = feeds.find(input_names_[i]);
    if (feed == feeds.end()) fail<ShapeError>("program: input '{}' is not fed.", input_names_[i]);
    if (feed->second.size() != input_ranges_[i].bytes) {
      fail<ShapeError>("program: input '{}' is fed {} bytes; expected {}.", input_names_[i],
                       feed->second.size(), input_ranges_[i].bytes);
    }
    result.push_back(feed->second);
  }
  return result;
}

uint64_t Program::run(const Feeds& feeds) {
  return ticket_ = recording_->submit(arranged(feeds));
}

std::vector<float> Program::fetch(uint64_t ticket, size_t index) const {
  const std::span<const std::byte> bytes = recording_->output(ticket, index);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<KernelTime> Program::profile(const Feeds& feeds) {
  std::vector<KernelTime> times = recording_->profile(arranged(feeds));
  ++ticket_;
  return times;
}

}  // namespace tandem
