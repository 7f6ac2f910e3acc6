#include "train/text/model_tokens.h"

#include "core/error.h"
#include "train/text/prompts.h"

#include <algorithm>

namespace tandem {

namespace {

// `tail` stands after all contexts.
std::vector<int32_t> tokens(const Tokenizer& tokenizer, std::string_view text,
                            std::string_view tail, const ClipConfig& model, int64_t of_class) {
  const int64_t T = model.text_cfg.context_length;
  const PromptConfig& prompts = model.adaptation.prompts;
  const int64_t P = prompts.text;
  if (P == 0) return encode_padded(tokenizer, fmt::format("{}{}", text, tail), T);
  std::vector<int32_t> ids;
  if (tokenizer.start_id() >= 0) ids.push_back(tokenizer.start_id());
  if (ids.empty() && prompts.text_depth > 1) {
    fail<ConfigError>("the tokenizer has no start token, behind which tokens of deeper layers "
                      "stand; set the adapter's depth to 1.");
  }
  const bool apart = prompts.text_before < P && !tail.empty();
  std::vector<int32_t> words =
      tokenizer.encode(apart ? std::string(text) : fmt::format("{}{}", text, tail));
  std::vector<int32_t> last = apart ? tokenizer.encode(tail) : std::vector<int32_t>{};
  const auto room = static_cast<size_t>(T - static_cast<int64_t>(ids.size()) - P - 1);
  words.resize(std::min(words.size(), room));
  last.resize(std::min(last.size(), room - words.size()));
  const int64_t set = prompts.classes > 1 ? of_class : 0;
  const auto first = static_cast<int32_t>(model.text_cfg.vocab_size + set * P);
  const auto add_contexts = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ids.push_back(first + static_cast<int32_t>(i));
  };
  add_contexts(0, prompts.text_before);
  ids.insert(ids.end(), words.begin(), words.end());
  add_contexts(prompts.text_before, P);
  ids.insert(ids.end(), last.begin(), last.end());
  ids.push_back(tokenizer.end_id());
  ids.resize(static_cast<size_t>(T), tokenizer.pad_id());
  return ids;
}

}  // namespace

std::vector<int32_t> model_tokens(const Tokenizer& tokenizer, std::string_view text,
                                  const ClipConfig& model) {
  return tokens(tokenizer, text, "", model, 0);
}

std::vector<int32_t> class_tokens(const Tokenizer& tokenizer, std::string_view text,
                                  std::string_view name, const ClipConfig& model, int64_t k) {
  const size_t end = after_name(text);
  return tokens(tokenizer, fill_template(text.substr(0, end), name), text.substr(end), model, k);
}

std::vector<int32_t> class_tokens(const Tokenizer& tokenizer,
                                  const std::vector<std::string>& names, const std::string& text,
                                  const ClipConfig& model) {
  std::vector<int32_t> ids;
  for (size_t k = 0; k < names.size(); ++k) {
    const std::vector<int32_t> some =
        class_tokens(tokenizer, text, names[k], model, static_cast<int64_t>(k));
    ids.insert(ids.end(), some.begin(), some.end());
  }
  return ids;
}

}  // namespace tandem
