// Reads and writes safetensors files: 8 bytes of little-endian header length, a JSON header
// {name: {dtype, shape, data_offsets}}, then the tensors' bytes without a gap.
//
// The reader believes nothing: the header must lie in the file (and be at most 100 MB), each
// range must have the bytes its shape and dtype need, and the ranges must cover the rest of the
// file exactly, without overlap, so a truncated file is refused when it is opened.
#pragma once

#include "train/checkpoint/file.h"
#include "train/checkpoint/named_tensor.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// Where one tensor lies in its file.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;    // "F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8" or "BOOL"
  Shape shape;          // no axis is 0
  uint64_t offset = 0;  // bytes from the file's start
  uint64_t bytes = 0;
};

// An opened file; its tensors are read when asked for. All members throw CheckpointError with
// the file's and the tensor's name.
class Safetensors {
 public:
  explicit Safetensors(const std::string& path);

  const std::string& path() const { return file_.path(); }

  // In order of their place in the file.
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }

  // The header's __metadata__.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // Null if there is no such tensor.
  const SafetensorsEntry* find(std::string_view name) const;

  // Values of a floating-point tensor as f32; throws if there is none of the name, or it is of
  // another type.
  std::vector<float> floats(std::string_view name) const;

  // Values of an integer tensor as i32; throws as above, and if a value does not fit.
  std::vector<int32_t> integers(std::string_view name) const;

  // floats() with name and shape.
  NamedTensor tensor(std::string_view name) const;

 private:
  const SafetensorsEntry& at(std::string_view name) const;
  std::vector<std::byte> bytes(const SafetensorsEntry& entry) const;

  InputFile file_;
  std::vector<SafetensorsEntry> entries_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

// Writes tensors as F32, in the order given, beside the path first and then renamed. Throws
// CheckpointError for two tensors of one name, values that are not as many as the shape says, or
// a file that can't be written.
void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace tandem
