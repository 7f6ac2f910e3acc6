#include "train/text/prompts.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::TemporaryFolder;

TEST_CASE("a_template_takes_the_class_at_each_of_its_places") {
  CHECK(fill_template("a photo of a {}.", "cat") == "a photo of a cat.");
  CHECK(fill_template("{c}, {} {x", "{}") == "{}, {} {x");
}

TEST_CASE("class_names_and_templates_are_lines_without_blank_ones") {
  const TemporaryFolder folder;
  CHECK(read_class_names(folder.write("a", "red  fox \r\n\n owl")) ==
        std::vector<std::string>{"red  fox", "owl"});
  CHECK(read_class_names(folder.write("f", "\xef\xbb\xbf" "fox\n")) ==
        std::vector<std::string>{"fox"});
  CHECK(read_templates(folder.write("b", "a {}\n{c}\n")).size() == 2);
  CHECK_THROWS_WITH_AS(read_class_names(folder.write("c", "owl\nfox\nowl\n")),
                       doctest::Contains("c:3: 'owl' is there twice"), ConfigError);
  CHECK_THROWS_WITH_AS(read_templates(folder.write("d", "a {}\na photo\n")),
                       doctest::Contains("'a photo' has no place for the class; write {} there"),
                       ConfigError);
  CHECK_THROWS_WITH_AS(read_class_names(folder.write("g", "fox\ncaf\xe9\n")),
                       doctest::Contains("g:2: the line is not UTF-8; convert it to UTF-8."),
                       ConfigError);
  CHECK_THROWS_AS(read_class_names(folder.write("e", "\n")), ConfigError);
  CHECK_THROWS_AS(read_class_names(folder / "absent"), ConfigError);
}
