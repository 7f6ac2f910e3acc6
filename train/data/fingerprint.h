// What the rows of a run are known by, so that it does not go on with others unawares.
#pragma once

#include "train/data/table.h"

#include <cstdint>
#include <span>

namespace tandem {

// A checksum of how many rows there are, and of each its picture's file name (without folders,
// which may move), captions, weights, group and label. Pictures are not opened. Never 0.
int64_t fingerprint(std::span<const TableRow> rows);

}  // namespace tandem
