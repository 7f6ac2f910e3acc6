#include "train/text/words.h"

#include "core/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>
#include <new>

namespace tandem {
namespace {

// Possessive quantifiers: a shorter run never helps, so the matcher need not remember any.
constexpr char kPattern[] =
    "<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}++|\\p{N}|[^\\s\\p{L}\\p{N}]++";

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

// Compiled once; matching reads it only, so that all threads share it.
const pcre2_code* pattern() {
  static const std::unique_ptr<pcre2_code, FreeCode> code = [] {
    int error = 0;
    PCRE2_SIZE offset = 0;
    std::unique_ptr<pcre2_code, FreeCode> compiled(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &error, &offset, nullptr));
    if (!compiled) fail<Error>("tokenizer: PCRE2 refuses the word pattern (error {}).", error);
    pcre2_jit_compile(compiled.get(), PCRE2_JIT_COMPLETE);  // where there is none, it interprets
    return compiled;
  }();
  return code.get();
}

}  // namespace

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& visit) {
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create_from_pattern(pattern(), nullptr));
  if (!match) throw std::bad_alloc();
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(text.data());
  uint32_t options = 0;  // the first call checks the UTF-8, the later ones need not
  for (size_t at = 0; at < text.size();) {
    const int result =
        pcre2_match(pattern(), bytes, text.size(), at, options, match.get(), nullptr);
    if (result == PCRE2_ERROR_NOMATCH) return;
    if (result < 0)
      fail<DataError>("tokenizer: a text of {} bytes can't be split into words (PCRE2 error {}).",
                      text.size(), result);
    const auto* range = pcre2_get_ovector_pointer(match.get());
    visit(text.substr(range[0], range[1] - range[0]));
    at = range[1];
    options = PCRE2_NO_UTF_CHECK;
  }
}

}  // namespace tandem
