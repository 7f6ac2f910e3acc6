// The file of tuned kernels: read back, and ignored with a sentence when it is not this device's.
#include "core/vulkan/tuning_file.h"

#include "core/sha256.h"
#include "tests/cache_folder.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace tandem;
using test::CacheFolder;

namespace {

const TunedKernels some{{"attention T50 D64", "2 rows by 1, 1 at a time"}, {"product NT", "small"}};

DeviceInfo device() {
  DeviceInfo info;
  info.uuid = "0123";
  info.driver = "a driver 1.2";
  return info;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Changes a word of the file, and its checksum to fit.
void forge(const std::filesystem::path& file, const std::string& word, const std::string& other) {
  std::string text = text_of(file);
  text.resize(text.rfind("sha256 "));
  text.replace(text.find(word), word.size(), other);
  Sha256 hash;
  hash.add(text);
  std::ofstream(file, std::ios::binary) << text << "sha256 " << hash.finish() << "\n";
}

}  // namespace

TEST_CASE("tuned_kernels_are_read_back") {
  const CacheFolder folder;
  CHECK(load_tuning(device()).kernels.empty());
  CHECK(load_tuning(device()).ignored.empty());
  save_tuning(device(), some);
  CHECK(load_tuning(device()).kernels == some);
  CHECK(load_tuning(device()).ignored.empty());
  CHECK(parse_tuned(tuned_lines(some)) == some);
}

TEST_CASE("a_damaged_tuning_is_ignored_with_a_sentence") {
  const CacheFolder folder;
  save_tuning(device(), some);
  const std::string whole = text_of(tuning_path(device()));
  std::string changed = whole;
  changed[whole.find("small")] = 'S';
  for (const std::string& text : {std::string(), whole.substr(0, whole.size() - 1), changed}) {
    std::ofstream(tuning_path(device()), std::ios::binary) << text;
    CHECK(load_tuning(device()).kernels.empty());
    CHECK(load_tuning(device()).ignored.find("is damaged; kernels are chosen") !=
          std::string::npos);
  }
}

TEST_CASE("a_tuning_of_another_driver_or_of_other_kernels_is_ignored_with_a_sentence") {
  const CacheFolder folder;
  save_tuning(device(), some);
  DeviceInfo newer = device();
  newer.driver = "a driver 1.3";
  CHECK(load_tuning(newer).kernels.empty());
  CHECK(load_tuning(newer).ignored.find("with another driver") != std::string::npos);
  const std::string text = text_of(tuning_path(device()));
  const std::string hash = text.substr(text.find("shaders ") + 8, 64);
  forge(tuning_path(device()), hash, std::string(64, '0'));
  CHECK(load_tuning(device()).kernels.empty());
  CHECK(load_tuning(device()).ignored.find("of another build") != std::string::npos);
}

TEST_CASE("a_tuning_that_can_not_be_written_is_an_error") {
  const CacheFolder folder;
  std::ofstream(folder.path()) << "a file where the folder should be";
  CHECK_THROWS_AS(save_tuning(device(), some), DeviceError);
}

TEST_CASE("a_device_is_listed_with_what_was_tuned_for_it") {
  for (const NamedDevice& named : vulkan_devices()) {
    const DeviceInfo& info = named.device->info();
    {
      const CacheFolder folder;
      save_tuning(info, some);
      list_devices();
      CHECK(kernel_traits(info).tuned == some);
    }
    list_devices();
    CHECK(kernel_traits(info).tuned != some);
  }
}
