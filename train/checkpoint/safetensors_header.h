// The JSON header of a safetensors file, read strictly: only what the format defines, no name
// twice, memory bounded by the header's own length.
#pragma once

#include "train/checkpoint/safetensors.h"

namespace tandem {

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // offsets still relative to the end of the header
  std::map<std::string, std::string> metadata;
};

// Throws CheckpointError that starts with `path`. Ranges have the bytes their shapes need, but
// are not yet held against the file's size or each other.
SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view json);

// Bytes of one element; 0 for a dtype that is not known.
uint64_t safetensors_element_bytes(std::string_view dtype);

}  // namespace tandem
