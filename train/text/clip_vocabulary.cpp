#include "train/text/clip_vocabulary.h"

// The assembler copies the file into the object: no generated source, and no file at run time.
// CMakeLists.txt gives the path.
// clang-format off
__asm__(".pushsection .rodata\n"
        ".global tandem_clip_vocabulary_begin\n"
        ".global tandem_clip_vocabulary_end\n"
        "tandem_clip_vocabulary_begin: .incbin \"" TANDEM_CLIP_VOCABULARY "\"\n"
        "tandem_clip_vocabulary_end: .byte 0\n"
        ".popsection\n");
// clang-format on

extern "C" {
extern const char tandem_clip_vocabulary_begin[];
extern const char tandem_clip_vocabulary_end[];
}

namespace tandem {

std::string_view clip_vocabulary() {
  return {tandem_clip_vocabulary_begin,
          static_cast<size_t>(tandem_clip_vocabulary_end - tandem_clip_vocabulary_begin)};
}

}  // namespace tandem
