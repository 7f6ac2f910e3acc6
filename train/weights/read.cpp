#include "train/weights/read.h"

#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/safetensors.h"
#include "train/weights/torch_file.h"

#include <algorithm>

namespace tandem {
namespace {

using Metadata = std::map<std::string, std::string>;

// Up to sixteen bytes from the file's start.
std::string start_of(const std::string& path) {
  const InputFile file(path);
  std::string start(std::min<uint64_t>(file.size(), 16), '\0');
  file.read(0, std::as_writable_bytes(std::span(start)));
  return start;
}

std::vector<NamedTensor> read_safetensors(const std::string& path, Metadata& metadata) {
  const Safetensors file(path);
  metadata = file.metadata();
  std::vector<NamedTensor> tensors;
  for (const SafetensorsEntry& entry : file.entries()) {
    if (entry.dtype.starts_with("F") || entry.dtype == "BF16") {
      tensors.push_back(file.tensor(entry.name));
    } else {
      const std::vector<int32_t> integers = file.integers(entry.name);
      tensors.push_back({entry.name, entry.shape, {integers.begin(), integers.end()}});
    }
  }
  return tensors;
}

std::vector<NamedTensor> read_by_start(const std::string& path, Metadata& metadata) {
  const std::string start = start_of(path);
  if (start.starts_with("tandem checkpoin") || start.starts_with("\x89HDF\r\n")) {
    Checkpoint checkpoint = read_checkpoint_model(path);
    metadata = std::move(checkpoint.attributes);
    metadata["tandem.source"] = "checkpoint";
    return std::move(checkpoint.model);
  }
  if (start.starts_with("PK\x03\x04")) {
    TorchWeights weights = read_torch_file(path);
    metadata["tandem.source"] = weights.script ? "torchscript" : "torch";
    return std::move(weights.tensors);
  }
  if (start.starts_with("\x80\x02") && !(start.size() > 8 && start[8] == '{')) {
    fail<CheckpointError>(
        "{}: is a pickle as PyTorch wrote them before 1.6; load and save it with "
        "a newer one.",
        path);
  }
  if (start.size() < 9 || start[8] != '{') {
    fail<CheckpointError>(
        "{}: is none of safetensors, Tandem checkpoint, PyTorch and TorchScript "
        "archive; give such a file.",
        path);
  }
  auto tensors = read_safetensors(path, metadata);
  metadata["tandem.source"] = "safetensors";
  return tensors;
}

}  // namespace

std::vector<NamedTensor> read_weights(const std::string& path, Metadata& metadata) {
  metadata.clear();
  std::vector<NamedTensor> tensors = read_by_start(path, metadata);
  // DistributedDataParallel puts it before every name.
  constexpr std::string_view prefix = "module.";
  const bool wrapped = std::ranges::all_of(
      tensors, [&](const NamedTensor& tensor) { return tensor.name.starts_with(prefix); });
  if (wrapped) {
    for (NamedTensor& tensor : tensors) tensor.name.erase(0, prefix.size());
  }
  return tensors;
}

}  // namespace tandem
