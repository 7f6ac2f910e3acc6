// The calls of the operating system that files are written and read with, in one place, so that a
// test can let each of them fail.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace tandem {

// The system's own. Each returns what POSIX says: negative, with errno, if it fails. Thread-safe.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  virtual int open(const char* path, int flags);
  virtual ssize_t read(int file, std::span<std::byte> to, uint64_t offset);
  virtual ssize_t write(int file, std::span<const std::byte> bytes, uint64_t offset);
  virtual int resize(int file, uint64_t bytes);
  virtual int flush(int file);
  virtual int rename(const char* from, const char* to);
  virtual int remove(const char* path);
};

// Those in use.
FileCalls& file_calls();

// Others in use while this lives; `calls` must outlive it, and no file may be under way at either
// end. One at a time.
class OtherFileCalls {
 public:
  explicit OtherFileCalls(FileCalls& calls);
  ~OtherFileCalls();
  OtherFileCalls(const OtherFileCalls&) = delete;
  OtherFileCalls& operator=(const OtherFileCalls&) = delete;
};

}  // namespace tandem
