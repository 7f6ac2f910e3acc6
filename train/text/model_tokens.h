// The ids of a text for a model that may have learnt contexts.
#pragma once

#include "models/clip_config.h"
#include "train/text/tokenizer.h"

namespace tandem {

// As encode_padded() to the model's context_length, with the model's learnt contexts before and
// after the words as ids from the vocabulary's size on; those of class 0, where each has its own.
std::vector<int32_t> model_tokens(const Tokenizer& tokenizer, std::string_view text,
                                  const ClipConfig& model);

// The same for class number k, whose text is `text` with its name in place of {}. What follows the
// name comes after all contexts, as the period of CoOp's prompts does (Zhou et al. 2022,
// "[class] [v]1 ... [v]m ." with the name in front).
std::vector<int32_t> class_tokens(const Tokenizer& tokenizer, std::string_view text,
                                  std::string_view name, const ClipConfig& model, int64_t k);

// [K, T]: of all classes.
std::vector<int32_t> class_tokens(const Tokenizer& tokenizer,
                                  const std::vector<std::string>& names, const std::string& text,
                                  const ClipConfig& model);

}  // namespace tandem
