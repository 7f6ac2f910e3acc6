// Tokenizer files: JSON, merge lists, gzipped or not, Hugging Face's, and SentencePiece models.
// What has a zero byte and is no model is a vocab.json and, after the zero, its merges.txt.
#include "train/text/tokenizer.h"
#include "tests/fuzz/target.h"
#include "train/text/sentence_piece.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  const auto zero = is_sentence_piece(text) ? std::string_view::npos : text.find('\0');
  fuzz::may_refuse([&] {
    if (zero != std::string_view::npos) fuzz::file_of(text.substr(zero + 1), "merges.txt");
    const auto file = fuzz::file_of(text.substr(0, zero), "tokenizer");
    const auto tokenizer = read_tokenizer(file);
    const auto again = Tokenizer::parse(tokenizer->serialize());
    const auto ids = tokenizer->encode(text);
    fuzz::require(again->encode(text) == ids, "a tokenizer is read as it was written");
    (void)tokenizer->decode(ids);
  });
  return 0;
}
