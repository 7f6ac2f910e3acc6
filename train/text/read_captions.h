// The captions of a file, to train a tokenizer on.
#pragma once

#include "train/config/run_config.h"

#include <string>
#include <vector>

namespace tandem {

// The captions of a table of any kind (train/data/table.h), of one split unless `split` is empty,
// or the lines of a file that is none, without blank ones. Throws DataError if it can't be read,
// and ConfigError for a split that is not there.
std::vector<std::string> read_captions(const std::string& path, const std::string& split,
                                       const TableFormat& format = {});

}  // namespace tandem
