#include "train/lock.h"

#include "core/error.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace tandem {
namespace {

// The process id in the lock file; "unknown" where it is not there (yet).
std::string holder(int file) {
  char text[32] = {};
  const ssize_t count = pread(file, text, sizeof(text) - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < count && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "unknown" : digits;
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder) {
  const std::string path = (folder / ".lock").string();
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file_ < 0) {
    fail<DataError>(
        "run folder: {} can't be opened: {}; check that the folder is there and that "
        "you may write to it.",
        path, std::strerror(errno));
  }
  if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const std::string process = holder(file_);
    close(file_);
    if (reason != EWOULDBLOCK) {
      fail<DataError>("run folder: {} can't be locked: {}.", path, std::strerror(reason));
    }
    fail<DataError>(
        "run folder: {} is in use by process {}; wait for it, stop it, or give another "
        "folder with --run.",
        folder.string(), process);
  }
  const std::string text = std::to_string(getpid()) + "\n";
  // The id is for people; the lock holds without it.
  if (ftruncate(file_, 0) != 0 || pwrite(file_, text.data(), text.size(), 0) < 0) errno = 0;
}

RunLock::~RunLock() { close(file_); }

}  // namespace tandem
