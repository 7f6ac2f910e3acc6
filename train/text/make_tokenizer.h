// The tokenizer that a config asks for.
#pragma once

#include "train/config/run_config.h"
#include "train/data/table.h"
#include "train/text/tokenizer.h"

#include <memory>
#include <vector>

namespace tandem {

// Trained on the rows' captions, or read from a file. Throws ConfigError if its vocabulary is
// larger than the model's, DataError for a bad file.
std::unique_ptr<Tokenizer> make_tokenizer(const RunConfig& config,
                                          const std::vector<TableRow>& rows);

}  // namespace tandem
