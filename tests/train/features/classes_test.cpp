#include "train/features/classes.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

std::vector<TableRow> labelled(const std::vector<std::string>& labels) {
  std::vector<TableRow> rows;
  for (const std::string& label : labels) {
    rows.push_back({.line = static_cast<int64_t>(rows.size()) + 1, .label = label});
  }
  return rows;
}

}  // namespace

TEST_CASE("classes_of_a_table_are_in_the_order_of_numbers_or_of_names") {
  CHECK(classes_of(labelled({"10", "9", "", "9"})) == std::vector<std::string>{"9", "10"});
  CHECK(classes_of(labelled({"owl", "10", "9"})) == std::vector<std::string>{"10", "9", "owl"});
  CHECK(classes_of(labelled({"", ""})).empty());
}

TEST_CASE("a_label_is_a_name_or_a_number_of_a_class") {
  const std::vector<std::string> classes{"owl", "7", "cat"};
  CHECK(class_labels(labelled({"cat", "0", "7", ""}), classes, "t") ==
        std::vector<int32_t>{2, 0, 1, -1});
  CHECK_THROWS_WITH_AS(class_labels(labelled({"cat", "3"}), classes, "t"),
                       "t:2: the label '3' is none of the 3 classes.", DataError);
  CHECK_THROWS_AS(class_labels(labelled({"-1"}), classes, "t"), DataError);
}
