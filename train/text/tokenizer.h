// Turns captions into token ids and back.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// All methods are const and may be called from several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // The ids of a text, without start and end. Any bytes are allowed; what is not UTF-8 is
  // replaced by U+FFFD.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;

  // The text of ids, up to the first end token; start tokens are left out. Spaces stand between
  // words, so it is the cleaned text only up to white space. Throws DataError for an id outside
  // [0, vocab_size()).
  virtual std::string decode(const std::vector<int32_t>& ids) const = 0;

  // Ids are below it.
  virtual int64_t vocab_size() const = 0;

  // What stands before, after and behind a text in a model's input; -1: nothing does. CLIP's end
  // token is the largest id, as its text tower pools there.
  virtual int32_t start_id() const { return static_cast<int32_t>(vocab_size()) - 2; }
  virtual int32_t end_id() const { return static_cast<int32_t>(vocab_size()) - 1; }
  virtual int32_t pad_id() const { return 0; }

  // A JSON document from which parse() makes the same tokenizer; checkpoints hold it.
  virtual std::string serialize() const = 0;

  // The tokenizer that serialize() wrote. Throws DataError if `json` is not one.
  static std::unique_ptr<Tokenizer> parse(std::string_view json);
};

// Exactly context_length ids: start, the text's, end, then padding. A text that is too long loses
// its last tokens, never the end token. Throws ConfigError for a context_length below 3.
std::vector<int32_t> encode_padded(const Tokenizer& tokenizer, std::string_view text,
                                   int64_t context_length);

// Reads a tokenizer: Tandem's JSON; a merge list as CLIP has it (bpe_simple_vocab_16e6.txt, gzipped
// or not); Hugging Face's tokenizer.json, or vocab.json or merges.txt beside one another; a
// SentencePiece model; or the folder that has one of those of Hugging Face's names. Throws
// DataError if the file is missing or none of these.
std::unique_ptr<Tokenizer> read_tokenizer(const std::filesystem::path& file);

// OpenAI CLIP's tokenizer, whose vocabulary is part of the program.
std::unique_ptr<Tokenizer> clip_tokenizer();

}  // namespace tandem
