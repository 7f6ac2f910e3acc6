// Which kind of tokenizer a file or folder holds is told by its content, not by its name.
#include "core/error.h"
#include "train/text/bpe.h"
#include "train/text/gunzip.h"
#include "train/text/sentence_piece.h"
#include "train/text/tokenizer_json.h"

#include <array>

namespace tandem {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = size_t{1} << 26;
constexpr size_t kMaxMerges = 1'000'000;
constexpr std::array kNames{"tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model",
                            "sentencepiece.model"};

fs::path file_in(const fs::path& folder) {
  std::error_code none;
  for (const char* name : kNames)
    if (fs::is_regular_file(folder / name, none)) return folder / name;
  fail<DataError>("the folder has no tokenizer.json, vocab.json, spiece.model or tokenizer.model.");
}

bool is_there(const fs::path& file) {
  std::error_code none;
  return fs::is_regular_file(file, none);
}

bool is_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

std::unique_ptr<Tokenizer> from_vocabulary_file(std::string_view text, const fs::path& merges) {
  if (!is_there(merges))
    fail<DataError>(
        "tokenizer: this is a vocabulary, which needs its merges beside it; {} is not "
        "there.",
        merges.string());
  const auto lines = read_maybe_gzipped(merges, kMaxFileBytes);
  return from_vocabulary(parse_tokenizer_json(text), merges_from_text(lines, kMaxMerges));
}

std::unique_ptr<Tokenizer> from_json_file(std::string_view text, const fs::path& file) {
  const auto document = parse_tokenizer_json(text);
  // A vocabulary may have these as symbols, whose ids are numbers.
  const auto has = [&](const char* key) {
    return document.contains(key) && !document[key].is_number();
  };
  if (has("kind")) return Tokenizer::parse(text);
  if (has("model")) return from_huggingface_json(document);
  return from_vocabulary_file(text, file.parent_path() / "merges.txt");
}

}  // namespace

std::unique_ptr<Tokenizer> read_tokenizer(const fs::path& path) {
  try {
    std::error_code none;
    const fs::path file = fs::is_directory(path, none) ? file_in(path) : path;
    const auto text = read_maybe_gzipped(file, kMaxFileBytes);
    if (is_sentence_piece(text)) return std::make_unique<SentencePieceTokenizer>(text);
    if (is_json(text)) return from_json_file(text, file);
    const fs::path vocabulary = file.parent_path() / "vocab.json";
    if (file.filename() == "merges.txt" && is_there(vocabulary))
      return from_vocabulary_file(read_maybe_gzipped(vocabulary, kMaxFileBytes), file);
    return std::make_unique<BpeTokenizer>(merges_from_text(text, kClipMerges));
  } catch (const DataError& error) {
    fail<DataError>("{}: {}", path.string(), error.what());
  }
}

}  // namespace tandem
