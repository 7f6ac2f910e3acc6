#include "train/checkpoint/hdf5.h"

#include "core/error.h"

namespace tandem {
namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Keeps the first entry of the walk, which goes from where the error arose.
herr_t take_first(unsigned index, const H5E_error2_t* entry, void* reason) {
  if (index == 0 && entry->desc != nullptr) *static_cast<std::string*>(reason) = entry->desc;
  return 0;
}

}  // namespace

Hdf5Session::Hdf5Session() : lock_(library_mutex()) {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

// The library could not shut down while the errors of a thread that has ended are still noted.
Hdf5Session::~Hdf5Session() {
  H5Eclear2(H5E_DEFAULT);
  H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

void fail_hdf5(const std::string& path, const std::string& what) {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &reason);
  for (char& c : reason) {
    if (c == '\n') c = ' ';
  }
  fail<CheckpointError>("{}: can't {}: {}.", path, what,
                        reason.empty() ? "HDF5 gives no reason" : reason);
}

}  // namespace tandem
