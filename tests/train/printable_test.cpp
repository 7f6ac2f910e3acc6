#include "train/printable.h"

#include <doctest/doctest.h>

using namespace tandem;

TEST_CASE("control_characters_and_broken_utf_8_are_not_printed") {
  CHECK(printable_text("a\tb\nc \xc3\xa9 \xe2\x82\xac") == "a\tb\nc \xc3\xa9 \xe2\x82\xac");
  CHECK(printable_text("\x1b[2J\r\x07\x7f") == "?[2J???");
  CHECK(printable_text(std::string_view("a\0b", 3)) == "a?b");
  CHECK(printable_text("\xc2\x9b" "31m\xc2\xa0") == "?31m\xc2\xa0");
  CHECK(printable_text("caf\xe9 \x9b \xe2\x82") == "caf? ? ??");
}

TEST_CASE("a_long_text_is_cut_between_characters") {
  CHECK(printable_text("abcd", 4) == "abcd");
  CHECK(printable_text("abcde", 4) == "abcd...");
  CHECK(printable_text("abc\xe2\x82\xac", 4) == "abc...");
  CHECK(printable_text("abc\xe2\x82\xac" "d", 6) == "abc\xe2\x82\xac...");
  CHECK(printable_text(std::string(9, '\x80'), 4) == "????...");
  CHECK(printable_text(std::string(3000, 'x')).size() == 2051);
}
