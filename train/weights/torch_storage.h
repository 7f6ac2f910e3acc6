// The storages of a PyTorch archive, and the tensors that are views of them.
#pragma once

#include "train/checkpoint/named_tensor.h"
#include "train/weights/pickle.h"
#include "train/weights/zip.h"

#include <set>

namespace tandem {

class TorchStorages {
 public:
  // `folder` is what the archive's entries start with: "archive/".
  TorchStorages(const ZipArchive& archive, std::string folder, const Pickle& pickle)
      : archive_(archive), folder_(std::move(folder)), pickle_(pickle) {}

  // The values of a tensor of the pickle. Throws CheckpointError naming it if it does not lie in
  // its storage, or the storage is not as large as the pickle says.
  NamedTensor read(const std::string& name, const PickleValue& tensor);

 private:
  const std::vector<float>& storage(const std::string& name, const PickleValue& value);

  const ZipArchive& archive_;
  std::string folder_;
  const Pickle& pickle_;
  std::string key_;             // of the storage read last
  std::vector<float> values_;   // its values
  std::set<std::string> read_;  // keys of the storages read so far
  uint64_t in_storages_ = 0;    // elements of all of them
  uint64_t in_reads_ = 0;       // elements read, a storage that was read again counted again
  uint64_t in_tensors_ = 0;     // elements given out
};

}  // namespace tandem
