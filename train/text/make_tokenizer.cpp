#include "train/text/make_tokenizer.h"

#include "core/error.h"
#include "train/text/bpe.h"

namespace tandem {

std::unique_ptr<Tokenizer> make_tokenizer(const RunConfig& config,
                                          const std::vector<TableRow>& rows) {
  const TokenizerConfig& wanted = config.data.tokenizer;
  std::unique_ptr<Tokenizer> tokenizer;
  if (wanted.kind == "file") {
    tokenizer = read_tokenizer(wanted.file);
    if (tokenizer->end_id() + 1 != tokenizer->vocab_size()) {
      fail<ConfigError>(
          "data.tokenizer.file: {} ends texts with token {} of {}, but the text tower "
          "pools at the largest; SentencePiece tokenizers can't be trained with yet.",
          wanted.file, tokenizer->end_id(), tokenizer->vocab_size());
    }
  } else {
    std::vector<std::string> captions;
    for (const TableRow& row : rows) {
      captions.insert(captions.end(), row.captions.begin(), row.captions.end());
    }
    tokenizer = train_bpe(captions, wanted.vocab_size);
  }
  if (tokenizer->vocab_size() > config.model.text_cfg.vocab_size) {
    fail<ConfigError>("data.tokenizer: it has {} ids but model.text_cfg.vocab_size is {}.",
                      tokenizer->vocab_size(), config.model.text_cfg.vocab_size);
  }
  return tokenizer;
}

}  // namespace tandem
