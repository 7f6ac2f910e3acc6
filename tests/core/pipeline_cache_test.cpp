// The pipeline cache on disk: written on closing a device, ignored when damaged.
#include "tests/cache_folder.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

using namespace tandem;
using test::CacheFolder;

namespace {

namespace fs = std::filesystem;

// Opens a device, makes a pipeline, runs it and closes the device.
uint32_t fill_once(const std::string& name) {
  DeviceOptions options;
  options.validation = true;
  const std::unique_ptr<Device> device = open_device(name, options);
  const auto memory = device->allocate(4, "a test");
  Dispatch dispatch;
  dispatch.shader = "fill";
  dispatch.buffers = {whole_of(*memory)};
  dispatch.writes = 1;
  dispatch.push = {5, 1};
  device->record({{"fill", {}, {dispatch}}}, {}, {})->submit({});
  return read_all<uint32_t>(*device, whole_of(*memory)).at(0);
}

}  // namespace

TEST_CASE("a_pipeline_cache_is_written_whole_and_read_again") {
  for (const NamedDevice& named : vulkan_devices()) {
    const CacheFolder folder;
    CHECK(fill_once(named.name) == 5);
    const std::vector<fs::path> files = folder.files();
    REQUIRE(files.size() == 1);
    CHECK(files[0].filename().string().starts_with("pipelines-"));
    CHECK(fill_once(named.name) == 5);
    CHECK(folder.files() == files);
  }
}

TEST_CASE("a_damaged_pipeline_cache_is_ignored") {
  for (const NamedDevice& named : vulkan_devices()) {
    const CacheFolder folder;
    fill_once(named.name);
    const std::vector<fs::path> files = folder.files();
    REQUIRE(files.size() == 1);
    for (const size_t bytes :
         {size_t{0}, size_t{10}, static_cast<size_t>(fs::file_size(files[0])) - 1}) {
      fs::resize_file(files[0], bytes);
      CHECK(fill_once(named.name) == 5);
    }
    std::fstream(files[0], std::ios::binary | std::ios::in | std::ios::out).seekp(30).put('x');
    CHECK(fill_once(named.name) == 5);
  }
}

TEST_CASE("a_cache_folder_that_can_not_be_written_is_no_error") {
  for (const NamedDevice& named : vulkan_devices()) {
    const CacheFolder folder;
    std::ofstream(folder.path()) << "a file where the folder should be";
    CHECK(fill_once(named.name) == 5);
  }
}
