// The character maps inside SentencePiece models, which its library follows without checks.
#pragma once

#include <string_view>

namespace tandem {

// Throws DataError if a normalizer of a serialized model holds a map that points out of itself, or
// if the model is no Protocol Buffers message.
void check_character_maps(std::string_view model);

}  // namespace tandem
