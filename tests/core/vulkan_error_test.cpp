// What the Vulkan backend says when it is used wrongly.
#include "core/device.h"
#include "core/device_lost.h"
#include "core/error.h"
#include "core/vulkan/vk.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

Dispatch fill(Memory& memory) {
  Dispatch dispatch;
  dispatch.shader = "fill";
  dispatch.buffers = {whole_of(memory)};
  dispatch.writes = 1;
  dispatch.push = {1, 1};
  return dispatch;
}

// The message of the DeviceError that recording this dispatch throws; empty if it throws none.
std::string refusal(Device& device, const Dispatch& dispatch) {
  try {
    device.record({{"block.3/fill", {}, {dispatch}}}, {}, {});
  } catch (const DeviceError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("an_unknown_shader_is_refused_by_kernel_and_name") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(64, "a test");
    Dispatch dispatch = fill(*memory);
    dispatch.shader = "no_such_shader";
    CHECK(refusal(device, dispatch) ==
          "block.3/fill: there is no shader 'no_such_shader'; add "
          "shaders/<family>/no_such_shader.comp and build again.");
  });
}

TEST_CASE("too_many_workgroups_are_refused_by_kernel") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(64, "a test");
    Dispatch dispatch = fill(*memory);
    if (device.info().max_workgroups[1] == ~0u) return;
    dispatch.workgroups = {1, device.info().max_workgroups[1] + 1, 1};
    const std::string message = refusal(device, dispatch);
    CHECK(message.starts_with("block.3/fill: 1 x "));
    CHECK(message.ends_with("let each workgroup stride over more."));
  });
}

TEST_CASE("bad_buffer_ranges_are_refused_by_kernel") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(1024, "a test");
    Dispatch dispatch = fill(*memory);
    dispatch.buffers = {part_of(*memory, 4, 64)};
    CHECK(refusal(device, dispatch).find("starts at byte 4, which is no multiple") !=
          std::string::npos);
    dispatch.buffers = {part_of(*memory, 0, 2048)};
    CHECK(refusal(device, dispatch) ==
          "block.3/fill: bytes 0 to 2048 were given of a block of 1024.");
    dispatch.buffers = {part_of(*memory, 0, 0)};
    CHECK(refusal(device, dispatch).find("has 0 bytes") != std::string::npos);
    dispatch.buffers = {BufferRange{nullptr, 0, 64}};
    CHECK(refusal(device, dispatch).find("without memory of ") != std::string::npos);
  });
}

TEST_CASE("a_kernel_without_a_shader_is_refused_by_vulkan") {
  for_each_vulkan_device([](Device& device) {
    CHECK_THROWS_AS(device.record({{"only_host", [] {}, {}}}, {}, {}), DeviceError);
  });
}

TEST_CASE("more_memory_than_the_device_has_is_refused_with_what_it_is_for") {
  for_each_vulkan_device([](Device& device) {
    try {
      device.allocate(size_t{1} << 50, "the activations");
      FAIL("allocated a pebibyte");
    } catch (const DeviceError& error) {
      CHECK(std::string(error.what()).find("1125899906842624 bytes") != std::string::npos);
      CHECK(std::string(error.what()).find("the activations") != std::string::npos);
    }
  });
}

TEST_CASE("inputs_and_outputs_that_do_not_fit_a_recording_are_refused") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(64, "a test");
    const auto recording = device.record({}, {whole_of(*memory)}, {whole_of(*memory)});
    const std::vector<std::byte> few(8);
    const std::span<const std::byte> given[] = {few};
    CHECK_THROWS_WITH_AS(recording->submit(given), "vulkan: input 0 was given 8 bytes but has 64.",
                         DeviceError);
    const uint64_t ticket = recording->submit({});
    CHECK_THROWS_AS(recording->output(ticket, 1), DeviceError);
    CHECK_THROWS_AS(recording->output(ticket + 1, 0), DeviceError);
  });
}

TEST_CASE("a_vulkan_device_is_opened_by_index_name_or_uuid") {
  for (const DeviceInfo& info : list_devices()) {
    if (info.backend != "vulkan") continue;
    const std::string index = fmt::format("vulkan:{}", info.index);
    CHECK(open_device(index)->info().name == info.name);
    CHECK(open_device("vulkan:" + info.name)->info().uuid == info.uuid);
    CHECK(open_device("vulkan:" + info.uuid)->info().name == info.name);
  }
  CHECK_THROWS_AS(open_device("vulkan:no such device"), ConfigError);
}

TEST_CASE("memory_of_another_device_is_refused") {
  for_each_vulkan_device([](Device& device) {
    const std::unique_ptr<Device> other = open_device("cpu");
    const auto memory = other->allocate(64, "a test");
    CHECK(refusal(device, fill(*memory)).find("without memory of ") != std::string::npos);
  });
}

TEST_CASE("a_lost_device_is_an_error_of_its_own_that_names_the_work") {
  CHECK_THROWS_WITH_AS(check(VK_ERROR_DEVICE_LOST, "vkQueueSubmit(queue)", "kernel 'add'"),
                       "vulkan: vkQueueSubmit gave VK_ERROR_DEVICE_LOST for kernel 'add'.",
                       DeviceLostError);
  CHECK_NOTHROW(check(VK_SUCCESS, "vkQueueSubmit(queue)", "kernel 'add'"));
}
