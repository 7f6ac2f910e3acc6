// Checkpoints: all that a run needs to go on, or to be used, in one HDF5 file.
//
//   /model/<open_clip parameter name>   f32 in open_clip's shape
//   /optimizer/<name>                   f32, for example /optimizer/m/visual.proj; with fp16
//                                       loss_scale/scale and loss_scale/growth_tracker, [1]
//   /state/<name>                       i64 scalar: step, samples, epoch, ...
//   /                                   text attributes: config, tokenizer, preprocessing, ...;
//                                       format "tandem-checkpoint" and format_version 1
//
// Every data set has an attribute crc32 (zlib's, of its bytes); the whole file is sealed (seal.h).
// Equal checkpoints give files with equal bytes. Errors are CheckpointErrors that name the file.
#pragma once

#include "train/checkpoint/named_tensor.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tandem {

struct Checkpoint {
  std::vector<NamedTensor> model;        // names without '/'
  std::vector<NamedTensor> optimizer;    // names "m/<parameter>" and the like
  std::map<std::string, int64_t> state;  // names without '/'
  std::map<std::string, std::string> attributes;

  bool operator==(const Checkpoint&) const = default;
};

// Writes beside `path`, flushes to the disk, reads back and verifies, then renames. If anything
// fails, what was at `path` before is still there, whole.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Reads a whole checkpoint, tensors in the order that they were written. Links of any kind but
// hard ones, data in other files, filters and lying sizes are refused; memory is bounded by the
// file's size.
Checkpoint read_checkpoint(const std::string& path);

// As above with the model alone, without the optimizer's tensors, which are not read.
Checkpoint read_checkpoint_model(const std::string& path);

// Throws what read_checkpoint would, with one tensor in memory at a time.
void verify_checkpoint(const std::string& path);

}  // namespace tandem
