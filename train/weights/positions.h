// The image tower's position table for another picture size.
#pragma once

#include "train/checkpoint/named_tensor.h"

namespace tandem {

// A table [c + g g, W] (of c = `class_tokens`, which is 1 or 0, then rows of the grid) resized to
// `grid` x `grid` positions: [c + grid grid, W]. Bicubic (a = -0.5) with antialiasing and
// align_corners false, as open_clip does with PyTorch's interpolate; the class token's row is kept.
// The same table if it has that size already. Throws CheckpointError if it is no such table.
NamedTensor resize_positions(const NamedTensor& table, int64_t class_tokens, int64_t grid);

// g of a table [c + g g, W]; throws as above.
int64_t grid_of(const NamedTensor& table, int64_t class_tokens);

}  // namespace tandem
