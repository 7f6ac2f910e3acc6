#include "tests/train/contains.h"
#include "train/config/yaml_tree.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::contains;

namespace {

std::string error_of(const std::string& text) {
  try {
    parse_yaml(text, "a");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

std::string repeated(const std::string& part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("a_tree_knows_the_lines_of_its_keys") {
  const ConfigNode root = parse_yaml("a: 1\nb:\n  c:\n    - x\n  d: 'e'\n", "file");
  CHECK(root.find("b")->place() == "file:2");
  CHECK(root.find("b")->find("c")->place() == "file:3");
  CHECK(root.find("b")->find("c")->items[0].place() == "file:4");
  CHECK(root.find("b")->find("d")->quoted);
  CHECK(root.find("none") == nullptr);
}

TEST_CASE("what_a_config_does_not_need_is_refused_with_its_line") {
  CHECK(error_of("a: 1\nb: 2\na: 3") == "a:3: the key 'a' is given twice.");
  CHECK(contains(error_of("a: &x 1"), "a:1: anchors"));
  CHECK(contains(error_of("a: &x [1]\nb: *x"), "anchors"));
  CHECK(contains(error_of("a: !!python/object 1"), "the tag"));
  CHECK(contains(error_of("a: 1\n---\nb: 2"), "second document"));
  CHECK(contains(error_of("[1, 2]: 3"), "keys are plain text"));
  CHECK(contains(error_of("{a: 1}: 3"), "keys are plain text"));
  CHECK(contains(error_of("~: 3"), "a key is missing"));
}

TEST_CASE("broken_yaml_is_one_sentence_with_its_line") {
  for (const char* text :
       {"a: [1", "a: {b", "a: 'x", "a: b: c", "\ta: 1", "a: \"\\q\"", "- a\nb: 1", "%", "@", "`",
        "a: |+-9\n x", "?", "? ?", "- - ]", "}", "a: @b"}) {
    CAPTURE(text);
    const std::string error = error_of(text);
    if (error.empty()) continue;  // yaml-cpp takes a few of these
    CHECK(error.starts_with("a:"));
    CHECK_FALSE(contains(error, "\n"));
  }
  CHECK(contains(error_of("x: 1\na: [1"), "is not valid YAML"));
}

TEST_CASE("deep_nesting_is_refused") {
  CHECK(error_of(repeated("[", 32) + repeated("]", 32)).empty());
  CHECK(contains(error_of(repeated("[", 33) + repeated("]", 33)), "more than 32 levels"));
  CHECK_FALSE(error_of(repeated("[", 500000)).empty());
  CHECK_FALSE(error_of(repeated("{a: ", 200000)).empty());
  CHECK_FALSE(error_of(repeated("- ", 500000)).empty());
  CHECK_FALSE(error_of(repeated("? ", 500000)).empty());
}

TEST_CASE("size_and_encoding_are_checked_before_parsing") {
  CHECK(contains(error_of(std::string(max_config_bytes + 1, ' ')), "bytes; a config has at most"));
  CHECK(error_of("ok: 1\nx: \xFF") ==
        "a:2: is not UTF-8: byte 0xff at offset 9; save the file as UTF-8.");
  for (const char* bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    CHECK(contains(error_of(bad), "is not UTF-8"));
  }
  CHECK(contains(error_of(std::string("a: \0b", 5)), "is not UTF-8"));
  CHECK(contains(error_of("a: caf\xE9\n"), "is not UTF-8"));  // Latin-1
  CHECK(contains(error_of(std::string("\xFF\xFE" "a\0:\0 \0" "1\0", 10)), "is not UTF-8"));
  CHECK(contains(error_of(std::string("a\0:\0 \0" "1\0", 8)), "is not UTF-8"));  // UTF-16
  CHECK(error_of("\xEF\xBB\xBF" "a: 1").empty());
  CHECK(error_of("a: \xE2\x82\xAC \xF0\x9F\x98\x80").empty());
  std::string many;
  for (int i = 0; i < 1001; ++i) many += fmt::format("k{}: 1\n", i);
  CHECK(contains(error_of(many), "more than 1000 keys"));
}
