// The tokenizer that a config asks for.
#pragma once

#include "train/config/run_config.h"
#include "train/data/table.h"
#include "train/text/tokenizer.h"

#include <memory>
#include <vector>

namespace tandem {

// A tokenizer read from a file that the model can use. Throws ConfigError, naming the file, where
// the vocabulary is larger than the model's or does not end with the end token, where the text
// tower pools; DataError for a bad file.
std::unique_ptr<Tokenizer> read_tokenizer_for(const TextConfig& text, const std::string& file);

// Trained on the rows' captions, or read from a file. Throws ConfigError if its vocabulary is
// larger than the model's, DataError for a bad file.
std::unique_ptr<Tokenizer> make_tokenizer(const RunConfig& config,
                                          const std::vector<TableRow>& rows);

}  // namespace tandem
