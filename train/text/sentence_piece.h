// SentencePiece models (Kudo & Richardson 2018) as SigLIP reads captions (Zhai et al. 2023):
// cleaned as CLIP's, `_` made a space, ASCII punctuation removed, lower-cased; no start token;
// padded with the end token, or with the model's own padding where the end token is not </s>
// (SigLIP 2's is <eos>).
#pragma once

#include "train/text/tokenizer.h"

#include <nlohmann/json_fwd.hpp>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace tandem {

class SentencePieceTokenizer final : public Tokenizer {
 public:
  // From the bytes of a .model file. Throws DataError if they are damaged or have no end token.
  explicit SentencePieceTokenizer(std::string model);
  ~SentencePieceTokenizer() override;

  // From what serialize() wrote, {"kind": "sentencepiece", "model": <base64>}.
  static std::unique_ptr<Tokenizer> from_json(const nlohmann::json& document);

  std::vector<int32_t> encode(std::string_view text) const override;
  std::string decode(const std::vector<int32_t>& ids) const override;
  int64_t vocab_size() const override;
  int32_t start_id() const override { return -1; }
  int32_t end_id() const override { return end_; }
  int32_t pad_id() const override { return pad_; }
  std::string serialize() const override;

 private:
  std::string model_;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  int32_t end_ = 0;
  int32_t pad_ = 0;
};

// Whether a file's content begins as a SentencePiece model's does.
bool is_sentence_piece(std::string_view bytes);

}  // namespace tandem
