// Rows of a table, with a gradient whose additions have a fixed order.
#pragma once

#include "autograd/graph.h"

namespace tandem {

// table [V, C], ids i32 [...] -> [..., C]. `order` i32 [K], K the number of ids, is what
// embedding_order() gives for them; null where no gradient is taken (taking one then throws).
// Ids beyond the table are taken as the nearest in it. Throws ShapeError.
Tensor embedding(Tensor table, Tensor ids, Tensor order);

// Rows of x [R, C] at index i32 [K] -> [K, C]; order as above. Throws ShapeError.
Tensor take_rows(Tensor x, Tensor index, Tensor order = {});

// Positions of the ids sorted by (id, position). Throws DataError for an id outside
// [0, vocabulary).
std::vector<int32_t> embedding_order(std::span<const int32_t> ids, int64_t vocabulary);

}  // namespace tandem
