// Tables of any kind as tar shards.
#pragma once

#include "train/data/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tandem {

struct PackSummary {
  std::string table;  // the shards as read_table takes them: "out/a-{000000..000003}.tar"
  int64_t samples = 0, shards = 0;
  int64_t bytes = 0;  // of all shards
};

// Writes rows to <out>-000000.tar and so on, `shard_samples` in each. A sample has its picture as
// it was (PNG, where the table has bare pixels), .json with captions, probabilities, split, group
// and label, and .txt with its first caption, for other programs. The bytes depend on the rows
// alone. A shard is written beside and renamed. Throws DataError where a picture can't be read or a
// shard can't be written.
PackSummary pack_shards(const std::vector<TableRow>& rows, const std::string& out,
                        int64_t shard_samples);

}  // namespace tandem
