// The captions of a file, to train a tokenizer on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tandem {

// The captions of a JSONL table (name ends in .jsonl; `caption` and `captions` of each row whose
// `split` is `split`, or of all rows if that is empty), or the lines of any other file. Blank
// lines are left out. Throws DataError, with file and line, for what is no JSON or no caption.
std::vector<std::string> read_captions(const std::filesystem::path& file, const std::string& split);

}  // namespace tandem
