// Where caches go during a test.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace tandem::test {

// Sends caches to a folder of their own for as long as it lives.
class CacheFolder {
 public:
  CacheFolder()
      : path_(std::filesystem::temp_directory_path() / fmt::format("tandem-cache-{}", getpid())) {
    const char* before = std::getenv("XDG_CACHE_HOME");
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv("XDG_CACHE_HOME", path_.c_str(), 1);
  }
  ~CacheFolder() {
    if (had_) {
      setenv("XDG_CACHE_HOME", before_.c_str(), 1);
    } else {
      unsetenv("XDG_CACHE_HOME");
    }
    std::filesystem::remove_all(path_);
  }

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path_ / "tandem", error)) {
      found.push_back(entry.path());
    }
    return found;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool had_ = false;
  std::string before_;
};

}  // namespace tandem::test
