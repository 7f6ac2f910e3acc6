// `tandem devices`: what there is to train on, and the capabilities that choose kernels.
#include "core/kernel_traits.h"
#include "train/cli/command.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace tandem {

namespace {

constexpr const char* no_vulkan =
    "No Vulkan driver was found. Debian and Ubuntu have them in mesa-vulkan-drivers (AMD, Intel,\n"
    "and lavapipe, which runs on the CPU); NVIDIA's comes with its own driver, in Debian as\n"
    "nvidia-vulkan-icd.\n";

// As --device takes it.
std::string device_name(const DeviceInfo& info) {
  return info.backend == "cpu" ? "cpu" : fmt::format("vulkan:{}", info.index);
}

std::string version(uint32_t packed) {
  return fmt::format("{}.{}.{}", packed >> 22 & 0x7f, packed >> 12 & 0x3ff, packed & 0xfff);
}

std::string gibibytes(uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ull << 30));
}

void line(const char* what, const std::string& value) { fmt::print("  {:<16}{}\n", what, value); }

const char* precision_of(DType type) { return type == DType::bf16 ? "bf16" : "fp16"; }

std::string shape_text(const CooperativeShape& shape) {
  return fmt::format("{} {}x{}x{}", precision_of(shape.type), shape.m, shape.n, shape.k);
}

std::string shape_text(const WorkgroupMatrices& shape) {
  return fmt::format("{} multiples of {}x{}x{} by {} invocations", precision_of(shape.type),
                     shape.m, shape.n, shape.k, shape.invocations);
}

std::string matrix_units(const DeviceInfo& info) {
  const KernelTraits traits = kernel_traits(info);
  if (traits.cooperative.empty() && traits.workgroup.empty()) {
    return "cooperative matrices, but none that this build has kernels for (they need glslang 13 "
           "or later)";
  }
  std::string all;
  for (const CooperativeShape& shape : traits.cooperative) all += shape_text(shape) + ", ";
  for (const WorkgroupMatrices& shape : traits.workgroup) all += shape_text(shape) + ", ";
  return "cooperative matrices, " + all.substr(0, all.size() - 2);
}

void print_vulkan(const DeviceInfo& info) {
  line("api", fmt::format("Vulkan {}", version(info.api_version)));
  line("uuid", info.uuid.empty() ? "unknown" : info.uuid);
  line("subgroup", fmt::format("{} lanes", info.subgroup_size));
  line("workgroup", fmt::format("{} invocations, {} KiB shared memory",
                                info.max_workgroup_invocations, info.shared_memory_bytes / 1024));
  line("workgroups", fmt::format("{} x {} x {}", info.max_workgroups[0], info.max_workgroups[1],
                                 info.max_workgroups[2]));
  line("binding", fmt::format("{} MiB at most, aligned to {} bytes", info.max_storage_range >> 20,
                              info.storage_alignment));
  std::string features;
  if (info.storage_16bit) features += "16-bit storage, ";
  if (info.arithmetic_f16) features += "fp16 arithmetic, ";
  if (info.unified_memory) features += "unified memory, ";
  line("features", features.empty() ? "none" : features.substr(0, features.size() - 2));
  if (info.cooperative_matrix) line("matrix units", matrix_units(info));
  const KernelTraits traits = kernel_traits(info);
  if (!traits.tuned.empty()) line("tuned", fmt::format("{} kernels", traits.tuned.size()));
  if (!traits.tuning_ignored.empty()) line("tuned", traits.tuning_ignored);
}

void print(const DeviceInfo& info) {
  fmt::print("{}: {}\n", device_name(info), info.name);
  line("kind", info.backend == "cpu" ? "cpu" : fmt::format("{} ({})", info.backend, info.kind));
  line("driver", info.driver);
  line("memory", gibibytes(info.memory_bytes) +
                     (info.memory_free_bytes == 0
                          ? ""
                          : fmt::format(", {} free", gibibytes(info.memory_free_bytes))));
  if (info.backend == "cpu") {
    line("simd", info.simd);
    line("threads", std::to_string(info.threads));
  } else {
    print_vulkan(info);
  }
}

nlohmann::ordered_json to_json(const DeviceInfo& info) {
  nlohmann::ordered_json json{{"device", device_name(info)},
                              {"backend", info.backend},
                              {"kind", info.kind},
                              {"name", info.name},
                              {"driver", info.driver},
                              {"memory_bytes", info.memory_bytes},
                              {"memory_free_bytes", info.memory_free_bytes},
                              {"unified_memory", info.unified_memory}};
  if (info.backend == "cpu") {
    json["simd"] = info.simd;
    json["threads"] = info.threads;
    return json;
  }
  json["index"] = info.index;
  json["uuid"] = info.uuid;
  json["api_version"] = version(info.api_version);
  json["subgroup_size"] = info.subgroup_size;
  json["shared_memory_bytes"] = info.shared_memory_bytes;
  json["max_workgroup_invocations"] = info.max_workgroup_invocations;
  json["max_workgroups"] = info.max_workgroups;
  json["max_storage_range"] = info.max_storage_range;
  json["storage_alignment"] = info.storage_alignment;
  json["storage_16bit"] = info.storage_16bit;
  json["arithmetic_f16"] = info.arithmetic_f16;
  json["cooperative_matrix"] = info.cooperative_matrix;
  json["cooperative_shapes"] = nlohmann::ordered_json::array();
  for (const CooperativeShape& shape : kernel_traits(info).cooperative) {
    json["cooperative_shapes"].push_back(shape_text(shape));
  }
  json["workgroup_shapes"] = nlohmann::ordered_json::array();
  for (const WorkgroupMatrices& shape : kernel_traits(info).workgroup) {
    json["workgroup_shapes"].push_back(shape_text(shape));
  }
  json["tuned"] = kernel_traits(info).tuned;
  json["tuning_ignored"] = kernel_traits(info).tuning_ignored;
  return json;
}

void show_devices(bool as_json) {
  const std::vector<DeviceInfo> devices = list_devices();
  if (as_json) {
    nlohmann::ordered_json document{{"devices", nlohmann::ordered_json::array()}};
    for (const DeviceInfo& info : devices) document["devices"].push_back(to_json(info));
    // Names come from drivers and need not be valid UTF-8.
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  for (const DeviceInfo& info : devices) {
    print(info);
    fmt::print("\n");
  }
  if (devices.size() == 1) fmt::print("{}", no_vulkan);
}

const Command devices([](CLI::App& program) {
  CLI::App* command = program.add_subcommand("devices", "List the devices that can train");
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print one JSON document");
  command->callback([as_json] { show_devices(*as_json); });
});

}  // namespace

}  // namespace tandem
