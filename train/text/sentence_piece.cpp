#include "train/text/sentence_piece.h"

#include "core/error.h"
#include "train/text/clean.h"
#include "train/text/sentence_piece_check.h"

#include <glib.h>
#include <sentencepiece_processor.h>
#include <nlohmann/json.hpp>

namespace tandem {
namespace {

struct Free {
  void operator()(void* memory) const { g_free(memory); }
};

std::string to_base64(std::string_view bytes) {
  const auto* data = reinterpret_cast<const guchar*>(bytes.data());
  return std::unique_ptr<char, Free>(g_base64_encode(data, bytes.size())).get();
}

std::string from_base64(const std::string& text) {
  gsize size = 0;
  const std::unique_ptr<guchar, Free> bytes(g_base64_decode(text.c_str(), &size));
  return {reinterpret_cast<const char*>(bytes.get()), size};
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(std::string model)
    : model_(std::move(model)),
      processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  check_sentence_piece_model(model_);
  const auto status = processor_->LoadFromSerializedProto(model_);
  if (!status.ok())
    fail<DataError>("tokenizer: the SentencePiece model is damaged ({}).",
                    valid_utf8(status.ToString()));
  end_ = processor_->eos_id();
  if (end_ < 0)
    fail<DataError>("tokenizer: the SentencePiece model has no end token; SigLIP's have </s>.");
  const int32_t own = processor_->pad_id();
  pad_ = own < 0 || processor_->IdToPiece(end_) == "</s>" ? end_ : own;
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::unique_ptr<Tokenizer> SentencePieceTokenizer::from_json(const nlohmann::json& document) {
  const auto& model = document["model"];
  if (!model.is_string()) fail<DataError>("tokenizer: its model is no text.");
  return std::make_unique<SentencePieceTokenizer>(from_base64(model.get<std::string>()));
}

std::vector<int32_t> SentencePieceTokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  const auto status = processor_->Encode(canonical_text(text), &ids);
  if (!status.ok())
    fail<DataError>("tokenizer: a text of {} bytes can't be split into pieces ({}).", text.size(),
                    status.ToString());
  return ids;
}

std::string SentencePieceTokenizer::decode(const std::vector<int32_t>& ids) const {
  std::vector<int32_t> kept;
  for (const int32_t id : ids) {
    if (id < 0 || id >= vocab_size())
      fail<DataError>(
          "tokenizer: token {} is outside its vocabulary of {}; was it made by another "
          "tokenizer?",
          id, vocab_size());
    if (id == end_) break;
    kept.push_back(id);
  }
  std::string text;
  const auto status = processor_->Decode(kept, &text);
  if (!status.ok()) fail<DataError>("tokenizer: ids can't be joined ({}).", status.ToString());
  return valid_utf8(text);
}

int64_t SentencePieceTokenizer::vocab_size() const { return processor_->GetPieceSize(); }

std::string SentencePieceTokenizer::serialize() const {
  return nlohmann::json{{"kind", "sentencepiece"}, {"format", 1}, {"model", to_base64(model_)}}
      .dump();
}

// Its first field, number 1, is a piece, whose first field, number 1, is the piece's text. A merge
// list can't begin so: its first merge would have a single letter.
bool is_sentence_piece(std::string_view bytes) {
  return bytes.size() > 3 && bytes[0] == '\n' && bytes[2] == '\n';
}

}  // namespace tandem
