#include "core/cpu/host_memory.h"

#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace tandem;

namespace {

constexpr uint64_t gib = uint64_t{1} << 30;

// A folder that stands for /, with 8 GiB available.
class Root {
 public:
  Root() { write("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"); }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  uint64_t free() const { return free_host_memory(folder_.path()); }

 private:
  test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("without_control_groups_all_that_is_available_is_free") {
  const Root root;
  CHECK(root.free() == 8 * gib);
  root.write("proc/self/cgroup", "0::/\n");
  CHECK(root.free() == 8 * gib);
}

TEST_CASE("a_control_groups_limit_less_what_it_uses_is_free_and_its_file_cache_is_not_used") {
  const Root root;
  root.write("proc/self/cgroup", "0::/jobs/one\n");
  root.write("sys/fs/cgroup/jobs/one/memory.max", "max\n");
  root.write("sys/fs/cgroup/jobs/one/memory.current", "500\n");
  root.write("sys/fs/cgroup/jobs/memory.max", "4294967296\n");
  root.write("sys/fs/cgroup/jobs/memory.current", "2147483648\n");
  CHECK(root.free() == 2 * gib);
  root.write("sys/fs/cgroup/jobs/memory.stat", "anon 1073741824\ninactive_file 1073741824\n");
  CHECK(root.free() == 3 * gib);
}

TEST_CASE("a_container_whose_group_is_mounted_at_the_root_has_its_limit") {
  const Root root;
  root.write("proc/self/cgroup", "5:cpu,memory:/docker/abc\n4:pids:/docker/abc\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741825\n");
  CHECK(root.free() == 0);
}

TEST_CASE("this_machine_has_memory_left") { CHECK(free_host_memory() > 0); }
