#include "core/cpu/host_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

namespace tandem {

namespace {

using std::filesystem::path;

constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();

// The number that a file holds; nothing for "max" or where there is no file.
std::optional<uint64_t> number_in(const path& file) {
  std::ifstream stream(file);
  uint64_t value = 0;
  if (stream >> value) return value;
  return std::nullopt;
}

// The number after a key at the start of a line.
std::optional<uint64_t> number_after(const path& file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string first;
    uint64_t value = 0;
    if (words >> first >> value && first == key) return value;
  }
  return std::nullopt;
}

// The names of a control group's files, which differ between the versions.
struct GroupFiles {
  const char* limit;
  const char* used;
  const char* cache;  // the key of the file cache in memory.stat
};
constexpr GroupFiles version_1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file"};
constexpr GroupFiles version_2{"memory.max", "memory.current", "inactive_file"};

uint64_t left_in(const path& group, const GroupFiles& files) {
  const auto limit = number_in(group / files.limit);
  const auto used = number_in(group / files.used);
  if (!limit || !used) return unlimited;
  const uint64_t cache =
      std::min(*used, number_after(group / "memory.stat", files.cache).value_or(0));
  const uint64_t taken = *used - cache;
  return *limit > taken ? *limit - taken : 0;
}

// The least that a group and those around it leave. `name` is as /proc/self/cgroup gives it; in a
// container the groups may be mounted so that it is not there, and then `mount` itself counts.
uint64_t left_in_all(const path& mount, const std::string& name, const GroupFiles& files) {
  uint64_t least = left_in(mount, files);
  path group = mount;
  for (const path& part : path(name).relative_path()) {
    group /= part;
    least = std::min(least, left_in(group, files));
  }
  return least;
}

// A line is "number:controllers:name"; version 2 has the number 0 and no controllers.
uint64_t left_by_groups(const path& root) {
  const path mounts = root / "sys/fs/cgroup";
  uint64_t least = unlimited;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string name = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, left_in_all(mounts, name, version_2));
    if (("," + controllers + ",").find(",memory,") != std::string::npos) {
      least = std::min(least, left_in_all(mounts / "memory", name, version_1));
    }
  }
  return least;
}

}  // namespace

uint64_t free_host_memory(const path& root) {
  const auto available = number_after(root / "proc/meminfo", "MemAvailable:");
  const uint64_t groups = left_by_groups(root);
  if (!available) return groups == unlimited ? 0 : groups;
  return std::min(*available * 1024, groups);
}

}  // namespace tandem
