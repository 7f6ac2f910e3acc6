// A run folder belongs to one process at a time.
#pragma once

#include <filesystem>

namespace tandem {

// Holds <folder>/.lock, with this process's id inside, until destroyed. The lock is the kernel's
// (flock), so it is gone with the process, however that ends; the file stays.
class RunLock {
 public:
  // Throws DataError if another process holds it, naming that process's id, or if the file can't
  // be made.
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace tandem
