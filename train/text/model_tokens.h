// The ids of a text for a model that may have learnt contexts.
#pragma once

#include "models/clip_config.h"
#include "train/text/tokenizer.h"

namespace tandem {

// As encode_padded() to the model's context_length, with the model's learnt contexts before and
// after the words as ids from the vocabulary's size on; of a class, where each has its own.
std::vector<int32_t> model_tokens(const Tokenizer& tokenizer, std::string_view text,
                                  const ClipConfig& model, int64_t of_class = 0);

// [K, T]: of the classes' texts, which are `text` with each name in place of {}.
std::vector<int32_t> class_tokens(const Tokenizer& tokenizer,
                                  const std::vector<std::string>& names, const std::string& text,
                                  const ClipConfig& model);

}  // namespace tandem
