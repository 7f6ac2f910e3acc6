// Contexts of CoOp and CoCoOp that start from words (Zhou et al. 2022, CoOp, section 4.1).
#pragma once

#include "autograd/variables.h"
#include "train/config/run_config.h"
#include "train/text/tokenizer.h"

#include <vector>

namespace tandem {

// The ids of adapter.coop.words, none where the config names no words that are learnt from. Sets
// adapter.coop.contexts to their number. Throws ConfigError for words without tokens, or more than
// a text has room for.
std::vector<int32_t> take_context_words(RunConfig& config, const Tokenizer& tokenizer);

// Sets every set of contexts to the words' rows of the token table.
void start_from_words(Variables& variables, const std::vector<int32_t>& words);

}  // namespace tandem
