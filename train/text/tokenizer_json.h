// Tokenizers as JSON: Tandem's own documents, and Hugging Face's tokenizer.json and vocab.json. All
// of it may be anyone's; what is not as expected is a DataError.
#pragma once

#include "train/text/bpe.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace tandem {

// A JSON object, at most eight levels deep.
nlohmann::json parse_tokenizer_json(std::string_view text);

bool is_text(const nlohmann::json& object, const char* key, std::string_view value);

// An array of at most a million merges, each "first second" or ["first", "second"].
std::vector<Merge> merges_from_json(const nlohmann::json& lines);

// The BPE of a tokenizer.json, which must be as CLIP's: bytes, </w>, lower case.
std::unique_ptr<Tokenizer> from_huggingface_json(const nlohmann::json& document);

// The BPE of a vocab.json, {"symbol": id, ...}, and its merges. The two largest ids are start and
// end, <|startoftext|> and <|endoftext|>.
std::unique_ptr<Tokenizer> from_vocabulary(const nlohmann::json& vocabulary,
                                           std::vector<Merge> merges);

}  // namespace tandem
