#include "train/text/tokenizer.h"

#include "core/error.h"
#include "train/text/bpe.h"
#include "train/text/clip_vocabulary.h"
#include "train/text/gunzip.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace tandem {
namespace {

constexpr size_t kMaxMerges = 1'000'000;
constexpr size_t kMaxFileBytes = size_t{1} << 26;
constexpr int kMaxDepth = 8;  // the parser recurses, and the file may be anyone's
constexpr size_t kClipMerges = 49152 - 256 - 2;  // lines of CLIP's list that CLIP itself reads

std::vector<Merge> merges_from_json(const nlohmann::json& lines) {
  if (!lines.is_array() || lines.size() > kMaxMerges)
    fail<DataError>("tokenizer: merges must be an array of at most {} strings.", kMaxMerges);
  std::vector<Merge> merges;
  merges.reserve(lines.size());
  for (const auto& line : lines) {
    if (!line.is_string())
      fail<DataError>("tokenizer: merge {} is not a string of two symbols.", merges.size());
    merges.push_back(merge_from_line(line.get_ref<const std::string&>(), merges.size()));
  }
  return merges;
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::parse(std::string_view json) {
  const auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > kMaxDepth) fail<DataError>("tokenizer: its JSON is nested too deeply.");
    return true;
  };
  const auto document = nlohmann::json::parse(json, shallow, false);
  if (!document.is_object() || document.value("kind", nlohmann::json()) != "bpe" ||
      !document.contains("merges"))
    fail<DataError>(
        "tokenizer: this is not a tokenizer; expected {{\"kind\": \"bpe\", \"merges\": [...]}} as "
        "`tandem tokenizer train` writes it.");
  return std::make_unique<BpeTokenizer>(merges_from_json(document["merges"]));
}

std::vector<int32_t> encode_padded(const Tokenizer& tokenizer, std::string_view text,
                                   int64_t context_length) {
  if (context_length < 3)
    fail<ConfigError>(
        "tokenizer: a context length of {} has no room for start, text and end; use 3 or more.",
        context_length);
  const auto text_ids = tokenizer.encode(text);
  const auto kept = std::min(text_ids.size(), static_cast<size_t>(context_length - 2));
  std::vector<int32_t> ids(context_length, 0);
  ids[0] = tokenizer.start_id();
  std::copy_n(text_ids.begin(), kept, ids.begin() + 1);
  ids[kept + 1] = tokenizer.end_id();
  return ids;
}

std::unique_ptr<Tokenizer> read_tokenizer(const std::filesystem::path& file) {
  try {
    const auto text = read_maybe_gzipped(file, kMaxFileBytes);
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{') return Tokenizer::parse(text);
    return std::make_unique<BpeTokenizer>(merges_from_text(text, kClipMerges));
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", file.string(), error.what());
  }
}

std::unique_ptr<Tokenizer> clip_tokenizer() {
  const auto text = gunzip(clip_vocabulary(), kMaxFileBytes);
  return std::make_unique<BpeTokenizer>(merges_from_text(text, kClipMerges));
}

}  // namespace tandem
