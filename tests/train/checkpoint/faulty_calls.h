// File calls that fail when a test says so.
#pragma once

#include "train/checkpoint/file_calls.h"

#include <array>
#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>

namespace tandem::test {

// What goes wrong with one call.
struct Fault {
  enum class Call { open, read, write, resize, flush, rename, remove } call;
  int error = 0;       // errno; 0: the call does less than it was asked for, or reads another bit
  bool ends = false;   // a read: ends early; a write: nothing after it succeeds (a full disk)
  const char* name = "";
  // A bit that is not used, or is read once more, may flip.
  bool may_be_harmless() const { return call == Call::read && error == 0 && !ends; }
  bool harmless() const { return error == EINTR || (call == Call::write && error == 0); }
};

inline constexpr std::array<Fault, 14> all_faults{{
    {Fault::Call::open, EMFILE, false, "open: too many open files"},
    {Fault::Call::open, EACCES, false, "open: permission denied"},
    {Fault::Call::write, 0, false, "write: half of the bytes"},
    {Fault::Call::write, EINTR, false, "write: interrupted"},
    {Fault::Call::write, EIO, false, "write: input/output error"},
    {Fault::Call::write, ENOSPC, false, "write: no space, once"},
    {Fault::Call::write, ENOSPC, true, "write: no space from here on"},
    {Fault::Call::read, EINTR, false, "read: interrupted"},
    {Fault::Call::read, EIO, false, "read: input/output error"},
    {Fault::Call::read, 0, false, "read: one bit flipped"},
    {Fault::Call::read, 0, true, "read: the file ends early"},
    {Fault::Call::resize, ENOSPC, false, "resize: no space"},
    {Fault::Call::flush, EIO, false, "flush: input/output error"},
    {Fault::Call::rename, EIO, false, "rename: input/output error"},
}};

// Lets call number `at` (from 1) of a fault's kind go wrong. Thread-safe.
class FaultyCalls : public FileCalls {
 public:
  void arm(const Fault& fault, int at) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    left_ = at;
    full_ = false;
  }
  void disarm() { arm({}, 0); }

  int injected() const { return injected_; }  // faults so far

  int open(const char* path, int flags) override {
    on_open(path);
    return hit(Fault::Call::open) ? -1 : FileCalls::open(path, flags);
  }
  ssize_t read(int file, std::span<std::byte> to, uint64_t offset) override {
    if (!hit(Fault::Call::read)) return FileCalls::read(file, to, offset);
    if (errno != 0) return -1;
    if (ends_) return 0;
    const ssize_t count = FileCalls::read(file, to, offset);
    if (count > 0) to[static_cast<size_t>(count) / 2] ^= std::byte{0x10};
    return count;
  }
  ssize_t write(int file, std::span<const std::byte> bytes, uint64_t offset) override {
    if (!hit(Fault::Call::write)) return FileCalls::write(file, bytes, offset);
    if (errno != 0) return -1;
    return FileCalls::write(file, bytes.first((bytes.size() + 1) / 2), offset);
  }
  int resize(int file, uint64_t bytes) override {
    return hit(Fault::Call::resize) ? -1 : FileCalls::resize(file, bytes);
  }
  int flush(int file) override { return hit(Fault::Call::flush) ? -1 : FileCalls::flush(file); }
  int rename(const char* from, const char* to) override {
    return hit(Fault::Call::rename) ? -1 : FileCalls::rename(from, to);
  }
  int remove(const char* path) override {
    return hit(Fault::Call::remove) ? -1 : FileCalls::remove(path);
  }

 protected:
  virtual void on_open(std::string_view) {}

 private:
  // Whether this call goes wrong; errno says how.
  bool hit(Fault::Call call) {
    const std::lock_guard lock(mutex_);
    if (call != fault_.call || left_ == 0) return false;
    if (!full_ && --left_ > 0) return false;
    full_ = call == Fault::Call::write && fault_.ends;
    left_ = full_ ? 1 : 0;
    ends_ = fault_.ends;
    errno = fault_.error;
    ++injected_;
    return true;
  }

  std::mutex mutex_;
  Fault fault_{};
  int left_ = 0;       // calls of the kind until the one that goes wrong; 0: none will
  bool full_ = false;  // the disk is full
  bool ends_ = false;
  int injected_ = 0;
};

}  // namespace tandem::test
