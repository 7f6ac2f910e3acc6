// The captions of a file, to train a tokenizer on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tandem {

// The captions of a table (.jsonl, .csv, .tsv; see train/data/table.h), of one split unless `split`
// is empty, or the lines of any other file, without blank ones. Throws DataError if it can't be
// read, and ConfigError for a split that is not there.
std::vector<std::string> read_captions(const std::filesystem::path& file, const std::string& split);

}  // namespace tandem
