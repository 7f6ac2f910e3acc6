// A checkpoint starts with a block of 512 bytes, which HDF5 calls a user block and its tools skip:
//   tandem checkpoint 1\nbytes <what follows the block>\ncrc32 <of that, 8 hex digits>\n, zeros
// A truncated or damaged file is told apart from a whole one here, and never gets further.
#pragma once

#include "train/checkpoint/file.h"

namespace tandem {

constexpr uint64_t seal_bytes = 512;  // the least that HDF5 takes

// Fills in the block of a file that has room for it. Throws CheckpointError.
void write_seal(OutputFile& file);

// Throws CheckpointError unless the block is there and right.
void check_seal(const std::string& path);

// Whether a file begins as one with a seal, right or not.
bool has_seal(const std::string& path);

}  // namespace tandem
