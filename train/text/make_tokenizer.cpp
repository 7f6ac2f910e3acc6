#include "train/text/make_tokenizer.h"

#include "core/error.h"
#include "train/text/bpe.h"

namespace tandem {

std::unique_ptr<Tokenizer> read_tokenizer_for(const TextConfig& text, const std::string& file) {
  auto tokenizer = read_tokenizer(file);
  if (text.pool_type == "argmax" && tokenizer->end_id() + 1 != tokenizer->vocab_size()) {
    fail<ConfigError>(
        "{}: ends texts with token {} of {}, but the text tower pools at the largest; set "
        "model.text_cfg.pool_type: last, as SigLIP has it.",
        file, tokenizer->end_id(), tokenizer->vocab_size());
  }
  if (tokenizer->vocab_size() > text.vocab_size) {
    fail<ConfigError>("{}: the tokenizer has {} ids but model.text_cfg.vocab_size is {}.", file,
                      tokenizer->vocab_size(), text.vocab_size);
  }
  return tokenizer;
}

std::unique_ptr<Tokenizer> make_tokenizer(const RunConfig& config,
                                          const std::vector<TableRow>& rows) {
  const TokenizerConfig& wanted = config.data.tokenizer;
  if (wanted.kind == "file") return read_tokenizer_for(config.model.text_cfg, wanted.file);
  std::vector<std::string> captions;
  for (const TableRow& row : rows) {
    captions.insert(captions.end(), row.captions.begin(), row.captions.end());
  }
  return train_bpe(captions, wanted.vocab_size);  // at most the model's, as configs are checked
}

}  // namespace tandem
