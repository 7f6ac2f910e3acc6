// Tokenizer files: JSON, and merge lists, gzipped or not.
#include "tests/fuzz/target.h"
#include "train/text/tokenizer.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  fuzz::may_refuse([&] {
    const auto tokenizer = read_tokenizer(fuzz::file_of(text, "tokenizer"));
    const auto again = Tokenizer::parse(tokenizer->serialize());
    const auto ids = tokenizer->encode(text);
    fuzz::require(again->encode(text) == ids, "a tokenizer is read as it was written");
    (void)tokenizer->decode(ids);
  });
  return 0;
}
