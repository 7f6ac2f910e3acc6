#include "core/sha256.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

std::string digest(std::string_view text, size_t piece = 1000) {
  Sha256 hash;
  for (size_t at = 0; at < text.size(); at += piece) hash.add(text.substr(at, piece));
  return hash.finish();
}

}  // namespace

TEST_CASE("sha256_gives_the_digests_of_its_standard") {
  CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(digest(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256_does_not_depend_on_how_a_text_is_cut") {
  const std::string text(200, 'x');
  for (const size_t piece : {1, 55, 56, 63, 64, 65}) CHECK(digest(text, piece) == digest(text));
}
