// The devices that tests run on: the CPU and every Vulkan device that the environment shows, with
// validation layers. ctest shows lavapipe and SwiftShader beside the machine's own drivers.
#pragma once

#include "core/device.h"
#include "core/error.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace tandem {

struct NamedDevice {
  std::string name;  // as open_device takes it
  std::unique_ptr<Device> device;
};

// Opened once and kept, so that pipelines are compiled once a program. A device that can't be
// opened is left out, with a message.
inline std::vector<NamedDevice>& vulkan_devices() {
  static std::vector<NamedDevice> devices = [] {
    std::vector<NamedDevice> opened;
    DeviceOptions options;
    options.validation = true;
    for (const DeviceInfo& info : list_devices()) {
      if (info.backend != "vulkan") continue;
      const std::string name = fmt::format("vulkan:{}", info.index);
      try {
        opened.push_back({name, open_device(name, options)});
      } catch (const DeviceError& error) {
        MESSAGE("not tested: " << info.name << ": " << error.what());
      }
    }
    if (opened.empty()) MESSAGE("not tested: no Vulkan device could be opened");
    return opened;
  }();
  return devices;
}

// Calls test(Device&) for every Vulkan device.
template <class Test>
void for_each_vulkan_device(Test&& test) {
  for (NamedDevice& named : vulkan_devices()) {
    INFO("device ", named.name, " ", named.device->info().name);
    test(*named.device);
  }
}

// The same for the CPU, then every Vulkan device.
template <class Test>
void for_each_test_device(Test&& test) {
  static const std::unique_ptr<Device> cpu = open_device("cpu");
  {
    INFO("device cpu");
    test(*cpu);
  }
  for_each_vulkan_device(test);
}

// Part of a block.
inline BufferRange part_of(Memory& memory, size_t offset, size_t bytes) {
  return {&memory, offset, bytes};
}
inline BufferRange whole_of(Memory& memory) { return {&memory, 0, memory.bytes()}; }

// A range of device memory as a vector of T.
template <class T>
std::vector<T> read_all(Device& device, const BufferRange& from) {
  std::vector<T> values(from.bytes / sizeof(T));
  device.read(from, values.data());
  return values;
}

}  // namespace tandem
