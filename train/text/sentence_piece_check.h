// What SentencePiece's library does not check in its models before it relies on it.
#pragma once

#include <string_view>

namespace tandem {

// Throws DataError if a serialized model has a piece with a zero byte, or one of more than 4 KiB,
// which end the program; a normalizer with a character map that points out of itself, past whose
// end the library reads; or if the model is no Protocol Buffers message.
void check_sentence_piece_model(std::string_view model);

}  // namespace tandem
