#include "models/adapters/pattern.h"

#include <doctest/doctest.h>

using namespace tandem;

TEST_CASE("patterns_match_names_as_a_shell_matches_files") {
  const std::string q = "visual.transformer.resblocks.11.attn.q";
  CHECK(matches("*", q));
  CHECK(matches("visual.*.attn.{q,k,v}", q));
  CHECK(matches("visual.transformer.resblocks.{9,1{0,1}}.attn.?", q));
  CHECK(matches(q, q));
  CHECK_FALSE(matches("visual.*.attn.{k,v}", q));
  CHECK_FALSE(matches("visual", q));
  CHECK_FALSE(matches("*.attn", q));
  CHECK_FALSE(matches("", q));
  CHECK(matches("", ""));
  CHECK(matches("a{,b}c", "ac"));
  CHECK(matches("a{,b}c", "abc"));
  CHECK(matches("a{b", "a{b"));  // not closed: itself
}

TEST_CASE("several_patterns_have_spaces_between") {
  const Patterns patterns("  a* *z ");
  CHECK(patterns.each() == std::vector<std::string>{"a*", "*z"});
  CHECK(patterns.match("apple"));
  CHECK(patterns.match("fez"));
  CHECK_FALSE(patterns.match("pear"));
  CHECK(Patterns(" ").empty());
  CHECK_FALSE(Patterns().match("a"));
}
