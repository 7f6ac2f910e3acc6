// OpenAI CLIP's merge list (Radford et al. 2021, section 2.4; MIT), embedded in the program.
#pragma once

#include <string_view>

namespace tandem {

// The gzipped bytes of bpe_simple_vocab_16e6.txt.gz.
std::string_view clip_vocabulary();

}  // namespace tandem
