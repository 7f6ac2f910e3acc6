#include "train/checkpoint/file_calls.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace tandem {
namespace {

FileCalls& system_calls() {
  static FileCalls calls;
  return calls;
}

std::atomic<FileCalls*> in_use{nullptr};

}  // namespace

int FileCalls::open(const char* path, int flags) { return ::open(path, flags, 0666); }

ssize_t FileCalls::read(int file, std::span<std::byte> to, uint64_t offset) {
  return ::pread(file, to.data(), to.size(), static_cast<off_t>(offset));
}

ssize_t FileCalls::write(int file, std::span<const std::byte> bytes, uint64_t offset) {
  return ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
}

int FileCalls::resize(int file, uint64_t bytes) {
  return ::ftruncate(file, static_cast<off_t>(bytes));
}

int FileCalls::flush(int file) { return ::fsync(file); }

int FileCalls::rename(const char* from, const char* to) { return std::rename(from, to); }

int FileCalls::remove(const char* path) { return ::unlink(path); }

FileCalls& file_calls() {
  FileCalls* const calls = in_use;
  return calls != nullptr ? *calls : system_calls();
}

OtherFileCalls::OtherFileCalls(FileCalls& calls) { in_use = &calls; }

OtherFileCalls::~OtherFileCalls() { in_use = nullptr; }

}  // namespace tandem
