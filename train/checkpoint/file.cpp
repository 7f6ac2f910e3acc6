#include "train/checkpoint/file.h"

#include "core/error.h"
#include "train/checkpoint/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tandem {
namespace {

[[noreturn]] void fail_with_errno(const std::string& path, const char* what) {
  const int error = errno;
  fail<CheckpointError>("{}: can't {}: {}.", path, what, std::strerror(error));
}

}  // namespace

InputFile::InputFile(std::string path) : path_(std::move(path)) {
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  descriptor_ = file_calls().open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail_with_errno(path_, "open it");
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail<CheckpointError>("{}: is not a regular file; give the path of a file.", path_);
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t count = file_calls().read(descriptor_, to, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path_, "read it");
    if (count == 0) {
      fail<CheckpointError>("{}: ends at byte {}, {} bytes short of what it should hold.", path_,
                            offset, to.size());
    }
    offset += static_cast<uint64_t>(count);
    to = to.subspan(static_cast<size_t>(count));
  }
}

OutputFile::OutputFile(std::string path, Open open) : path_(std::move(path)) {
  const int flags = open == Open::create ? O_CREAT | O_TRUNC : 0;
  descriptor_ = file_calls().open(path_.c_str(), O_RDWR | O_CLOEXEC | flags);
  if (descriptor_ < 0) fail_with_errno(path_, open == Open::create ? "create it" : "open it");
}

OutputFile::~OutputFile() { ::close(descriptor_); }

void OutputFile::write(std::span<const std::byte> bytes) {
  write_at(end_, bytes);
  end_ += bytes.size();
}

void OutputFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = file_calls().write(descriptor_, bytes, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ENOSPC;  // not what POSIX lets it return, but without an end
    if (count <= 0) fail_with_errno(path_, "write it");
    offset += static_cast<uint64_t>(count);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
}

void OutputFile::read_at(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t count = file_calls().read(descriptor_, to, offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path_, "read it");
    if (count == 0) {
      std::fill(to.begin(), to.end(), std::byte{0});
      return;
    }
    offset += static_cast<uint64_t>(count);
    to = to.subspan(static_cast<size_t>(count));
  }
}

void OutputFile::resize(uint64_t bytes) {
  if (file_calls().resize(descriptor_, bytes) != 0) fail_with_errno(path_, "resize it");
}

void OutputFile::flush() {
  if (file_calls().flush(descriptor_) != 0) fail_with_errno(path_, "flush it to the disk");
}

TemporaryFile::~TemporaryFile() { file_calls().remove(path_.c_str()); }

void flush_to_disk(const std::string& path) {
  const int descriptor = file_calls().open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_with_errno(path, "open it");
  const int result = file_calls().flush(descriptor);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  if (result != 0) fail_with_errno(path, "flush it to the disk");
}

void replace_file(const std::string& from, const std::string& to) {
  flush_to_disk(from);
  if (file_calls().rename(from.c_str(), to.c_str()) != 0) {
    fail_with_errno(to, "rename the new file to it");
  }
  const std::filesystem::path folder = std::filesystem::path(to).parent_path();
  flush_to_disk(folder.empty() ? "." : folder.string());
}

}  // namespace tandem
