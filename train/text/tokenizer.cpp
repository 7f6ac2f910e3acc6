#include "train/text/tokenizer.h"

#include "core/error.h"
#include "train/text/bpe.h"
#include "train/text/clip_vocabulary.h"
#include "train/text/gunzip.h"
#include "train/text/sentence_piece.h"
#include "train/text/tokenizer_json.h"

#include <algorithm>

namespace tandem {
namespace {

constexpr size_t kMaxUnpackedBytes = size_t{1} << 26;

std::unique_ptr<Tokenizer> bpe_from_json(const nlohmann::json& document) {
  auto merges = merges_from_json(document["merges"]);
  if (!document.contains("symbols")) return std::make_unique<BpeTokenizer>(std::move(merges));
  std::vector<std::string> symbols;
  if (document["symbols"].is_array())
    for (const auto& symbol : document["symbols"])
      symbols.push_back(symbol.is_string() ? symbol.get<std::string>() : "");
  return std::make_unique<BpeTokenizer>(std::move(merges), std::move(symbols));
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::parse(std::string_view json) {
  const auto document = parse_tokenizer_json(json);
  if (document.contains("merges") && is_text(document, "kind", "bpe"))
    return bpe_from_json(document);
  if (document.contains("model") && is_text(document, "kind", "sentencepiece"))
    return SentencePieceTokenizer::from_json(document);
  fail<DataError>(
      "tokenizer: this is not a tokenizer; expected {{\"kind\": \"bpe\", \"merges\": [...]}} as "
      "`tandem tokenizer train` writes it.");
}

std::vector<int32_t> encode_padded(const Tokenizer& tokenizer, std::string_view text,
                                   int64_t context_length) {
  if (context_length < 3)
    fail<ConfigError>(
        "tokenizer: a context length of {} has no room for start, text and end; use 3 or more.",
        context_length);
  const auto text_ids = tokenizer.encode(text);
  const size_t before = tokenizer.start_id() < 0 ? 0 : 1;
  const auto kept = std::min(text_ids.size(), static_cast<size_t>(context_length) - before - 1);
  std::vector<int32_t> ids(context_length, tokenizer.pad_id());
  if (before > 0) ids[0] = tokenizer.start_id();
  std::copy_n(text_ids.begin(), kept, ids.begin() + static_cast<std::ptrdiff_t>(before));
  ids[before + kept] = tokenizer.end_id();
  return ids;
}

std::unique_ptr<Tokenizer> clip_tokenizer() {
  const auto text = gunzip(clip_vocabulary(), kMaxUnpackedBytes);
  return std::make_unique<BpeTokenizer>(merges_from_text(text, kClipMerges));
}

}  // namespace tandem
