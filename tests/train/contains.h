// Whether a sentence that a user gets has what it should.
#pragma once

#include <string_view>

namespace tandem::test {

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace tandem::test
