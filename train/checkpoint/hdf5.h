// The HDF5 C library with errors as exceptions and handles that close themselves.
#pragma once

#include "train/checkpoint/file.h"

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace tandem {

// Held while HDF5 is used: keeps the library from printing its errors, and other threads out of
// it, since not every build of it is thread-safe.
class Hdf5Session {
 public:
  Hdf5Session();
  ~Hdf5Session();
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

// Throws CheckpointError "<path>: can't <what>: <the library's innermost reason>.".
[[noreturn]] void fail_hdf5(const std::string& path, const std::string& what);

// Throws as above if a call's result is negative; gives it back otherwise.
template <class Result>
Result hdf5_checked(Result result, const std::string& path, const std::string& what) {
  if (result < 0) fail_hdf5(path, what);
  return result;
}

// An id of the library, closed on destruction.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  // Throws as above if `id` is not one.
  Hdf5Handle(hid_t id, Close close, const std::string& path, const std::string& what)
      : id_(hdf5_checked(id, path, what)), close_(close) {}
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;

  operator hid_t() const { return id_; }

  // Closes now; the library's result.
  herr_t close() { return close_(std::exchange(id_, -1)); }

 private:
  hid_t id_;
  Close close_;
};

}  // namespace tandem
