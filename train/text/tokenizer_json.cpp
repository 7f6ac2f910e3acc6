#include "train/text/tokenizer_json.h"

#include "core/error.h"
#include "train/text/byte_symbols.h"
#include "train/text/clean.h"
#include "train/text/words.h"

namespace tandem {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxMerges = 1'000'000;
constexpr int kMaxDepth = 8;  // the parser recurses

// For a message.
std::string shown(std::string_view text) { return valid_utf8(text.substr(0, 60)); }

const Json& member(const Json& object, const char* key) {
  static const Json none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

Merge merge_from_json(const Json& line, size_t index) {
  if (line.is_string()) return merge_from_line(line.get_ref<const std::string&>(), index);
  const bool pair = line.is_array() && line.size() == 2 && line[0].is_string() &&
                    line[1].is_string() && line[0] != "" && line[1] != "";
  if (!pair) fail<DataError>("tokenizer: merge {} is not a string of two symbols.", index);
  return {line[0].get<std::string>(), line[1].get<std::string>()};
}

// Whether a normalizer or pre-tokenizer is, or holds, one of a type.
bool holds_type(const Json& step, std::string_view type) {
  if (!step.is_object()) return false;
  if (is_text(step, "type", type)) return true;
  for (const char* list : {"normalizers", "pretokenizers"}) {
    const Json& steps = member(step, list);
    if (!steps.is_array()) continue;
    for (const Json& inner : steps)
      if (inner.is_object() && is_text(inner, "type", type)) return true;
  }
  return false;
}

void require_clip(const Json& document, const Json& model) {
  const std::string type = text_of(member(model, "type"));
  if (type == "Unigram")
    fail<DataError>(
        "tokenizer: its model is Unigram; give the SentencePiece model that it was made "
        "from (spiece.model or tokenizer.model).");
  if (!type.empty() && type != "BPE")
    fail<DataError>("tokenizer: its model is {}; BPE as CLIP has it was expected.", shown(type));
  if (!is_text(model, "end_of_word_suffix", kWordEnd) ||
      !text_of(member(model, "continuing_subword_prefix")).empty() ||
      member(model, "byte_fallback") == true)
    fail<DataError>(
        "tokenizer: its BPE does not end words with </w>, as CLIP's does; other kinds of "
        "BPE are not supported.");
  if (!holds_type(member(document, "normalizer"), "Lowercase"))
    fail<DataError>(
        "tokenizer: its normalizer does not lower-case texts, as CLIP's does; others are "
        "not supported.");
  if (!holds_type(member(document, "pre_tokenizer"), "ByteLevel"))
    fail<DataError>(
        "tokenizer: its pre_tokenizer is not ByteLevel, as CLIP's is; others are not "
        "supported.");
}

// The tokens that the vocabulary may leave out.
void add_tokens(const Json& added, Json& vocabulary) {
  if (!added.is_array()) return;
  for (const Json& token : added) {
    const std::string name = token.is_object() ? text_of(member(token, "content")) : "";
    if (!name.empty() && !vocabulary.contains(name)) vocabulary[name] = member(token, "id");
  }
}

std::vector<std::string> symbols_by_id(const Json& vocabulary) {
  std::vector<std::string> symbols(vocabulary.size());
  for (const auto& [symbol, id] : vocabulary.items()) {
    const bool known = id.is_number_integer() && id >= 0 && id < symbols.size();
    if (!known || symbol.empty() || !symbols[id.get<size_t>()].empty())
      fail<DataError>("tokenizer: '{}' has no id of its own from 0 to {} in the vocabulary of {}.",
                      shown(symbol), symbols.size() - 1, symbols.size());
    symbols[id.get<size_t>()] = symbol;
  }
  return symbols;
}

}  // namespace

Json parse_tokenizer_json(std::string_view text) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) fail<DataError>("tokenizer: its JSON is nested too deeply.");
    return true;
  };
  auto document = Json::parse(text, shallow, false);
  if (!document.is_object())
    fail<DataError>("tokenizer: this is not a tokenizer; its JSON is damaged or no object.");
  return document;
}

bool is_text(const Json& object, const char* key, std::string_view value) {
  const Json& found = member(object, key);
  return found.is_string() && found.get_ref<const std::string&>() == value;
}

std::vector<Merge> merges_from_json(const Json& lines) {
  if (!lines.is_array() || lines.size() > kMaxMerges)
    fail<DataError>("tokenizer: merges must be an array of at most {} strings.", kMaxMerges);
  std::vector<Merge> merges;
  merges.reserve(lines.size());
  for (const auto& line : lines) merges.push_back(merge_from_json(line, merges.size()));
  return merges;
}

std::unique_ptr<Tokenizer> from_vocabulary(const Json& vocabulary, std::vector<Merge> merges) {
  auto symbols = symbols_by_id(vocabulary);
  const auto is_one_of = [](const std::string& symbol, std::string_view hugging_face,
                            std::string_view open_clip) {
    return symbol == hugging_face || symbol == open_clip;
  };
  if (symbols.size() < 3 || !is_one_of(symbols.back(), "<|endoftext|>", kEndToken) ||
      !is_one_of(symbols[symbols.size() - 2], "<|startoftext|>", kStartToken))
    fail<DataError>(
        "tokenizer: the largest ids of the vocabulary of {} are not <|startoftext|> and "
        "<|endoftext|>; CLIP's text tower pools at the largest id.",
        symbols.size());
  symbols.resize(symbols.size() - 2);
  return std::make_unique<BpeTokenizer>(std::move(merges), std::move(symbols));
}

std::unique_ptr<Tokenizer> from_huggingface_json(const Json& document) {
  const Json& model = member(document, "model");
  if (!model.is_object()) fail<DataError>("tokenizer: it has no model.");
  require_clip(document, model);
  Json vocabulary = member(model, "vocab");
  if (!vocabulary.is_object()) fail<DataError>("tokenizer: its model has no vocabulary.");
  add_tokens(member(document, "added_tokens"), vocabulary);
  return from_vocabulary(vocabulary, merges_from_json(member(model, "merges")));
}

}  // namespace tandem
