#include "train/data/braces.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;
using Names = std::vector<std::string>;

TEST_CASE("braces_expand_as_shells_do") {
  CHECK(expand_braces("a.tar") == Names{"a.tar"});
  CHECK(expand_braces("a-{08..11}.tar") == Names{"a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"});
  CHECK(expand_braces("{9..10}") == Names{"9", "10"});
  CHECK(expand_braces("{x,,y}/{0..1}") == Names{"x/0", "x/1", "/0", "/1", "y/0", "y/1"});
  CHECK(expand_braces("a{1..2}::b") == Names{"a1", "a2", "b"});
  CHECK(expand_braces("{0..999999}").size() == 1'000'000);
}

TEST_CASE("braces_that_make_no_sense_are_refused") {
  for (const char* pattern :
       {"a{", "a}", "{a}", "{}", "{1..}", "{5..4}", "{a..c}", "{{1..2},3}", "}{", "{-1..2}",
        "{0..1000000}", "{0..999999999999999999}", "{0..9999}{0..9999}{0..9999}",
        "{0..99999999999999999999}"}) {
    CAPTURE(pattern);
    CHECK_THROWS_AS(expand_braces(pattern), ConfigError);
  }
  CHECK_THROWS_WITH_AS(expand_braces("a-{5..4}.tar"),
                       "a-{5..4}.tar: a range that falls; expected braces such as {0000..0099} or "
                       "{a,b}.",
                       ConfigError);
}
