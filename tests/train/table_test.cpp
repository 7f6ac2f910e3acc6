#include "train/data/table.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

// The message of reading a table of this content beside a picture a.png.
std::string failure(const std::string& name, const std::string& content) {
  const TemporaryFolder folder;
  folder.write("a.png", "not opened");
  const std::string path = folder.write(name, content);
  try {
    read_table(path);
  } catch (const Error& error) {
    const std::string what = error.what();
    return what.substr(what.find(name));
  }
  return "no error";
}

}  // namespace

TEST_CASE("jsonl_rows_have_defaults_and_either_kind_of_captions") {
  const TemporaryFolder folder;
  folder.write("pictures/a.png", "");
  const auto path = folder.write(
      "t.jsonl",
      "\xef\xbb\xbf{\"image\": \"pictures/a.png\", \"caption\": \"a \\u00e9\"}\r\n\n"
      "{\"image\": \"pictures/a.png\", \"captions\": [\"x\", \"y\"], \"split\": \"test\", "
      "\"group\": 7, \"title\": []}");
  const Table table = read_table(path);
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].image == (folder / "pictures/a.png"));
  CHECK(table.rows[0].captions == std::vector<std::string>{"a \xc3\xa9"});
  CHECK(table.rows[0].split == "train");
  CHECK(table.rows[0].group.empty());
  CHECK(table.rows[1].line == 3);
  CHECK(table.rows[1].captions == std::vector<std::string>{"x", "y"});
  CHECK(table.rows[1].split == "test");
  CHECK(table.rows[1].group == "7");
}

TEST_CASE("csv_values_may_hold_separators_quotes_and_line_ends") {
  const TemporaryFolder folder;
  folder.write("a.png", "");
  const auto path = folder.write("t.csv",
                                 "caption,image,caption_2,note\r\n"
                                 "\"one, \"\"two\"\"\nthree\",a.png,,x\r\n"
                                 "four,a.png,five,\n");
  const Table table = read_table(path);
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].captions == std::vector<std::string>{"one, \"two\"\nthree"});
  CHECK(table.rows[0].line == 2);
  CHECK(table.rows[1].captions == std::vector<std::string>{"four", "five"});
  CHECK(table.rows[1].line == 4);
}

TEST_CASE("tsv_is_separated_by_tabs") {
  const TemporaryFolder folder;
  folder.write("a.png", "");
  const auto path = folder.write("t.tsv", "image\tcaption\tsplit\na.png\tone, two\tval");
  const Table table = read_table(path);
  REQUIRE(table.rows.size() == 1);
  CHECK(table.rows[0].captions[0] == "one, two");
  CHECK(table.rows[0].split == "val");
}

TEST_CASE("a_label_names_a_class_and_stands_in_for_a_missing_caption") {
  const TemporaryFolder folder;
  folder.write("a.png", "");
  const Table json = read_table(folder.write(
      "t.jsonl",
      "{\"image\": \"a.png\", \"label\": 3}\n"
      "{\"image\": \"a.png\", \"label\": \"cat\", \"caption\": \"a tabby\"}\n"
      "{\"image\": \"a.png\", \"caption\": \"a dog\"}"));
  CHECK(json.rows[0].label == "3");
  CHECK(json.rows[0].captions == std::vector<std::string>{"3"});
  CHECK(json.rows[1].captions == std::vector<std::string>{"a tabby"});
  CHECK(json.rows[2].label.empty());
  const Table csv = read_table(folder.write("t.csv", "image,label\na.png,red fox\n"));
  CHECK(csv.rows[0].label == "red fox");
  CHECK(csv.rows[0].captions == std::vector<std::string>{"red fox"});
  CHECK(failure("t.jsonl", "{\"image\": \"a.png\", \"label\": [1]}") ==
        "t.jsonl:1: label is array; expected a string.");
}

TEST_CASE("bad_rows_are_named_by_file_and_line") {
  const std::string good = "{\"image\": \"a.png\", \"caption\": \"x\"}\n";
  CHECK(failure("t.jsonl", good + "{\"image\": \"a.png\"}") ==
        "t.jsonl:2: the row has neither caption nor captions; expected one of the two.");
  CHECK(failure("t.jsonl", good + "\n{\"caption\": \"x\"}") ==
        "t.jsonl:3: the row has no image; expected a path.");
  CHECK(failure("t.jsonl", "{\"image\": \"a.png\", \"caption\": \" \"}") ==
        "t.jsonl:1: the caption is empty; write one.");
  CHECK(failure("t.jsonl", "{\"image\": \"a.png\", \"captions\": [\"x\", \"\"]}") ==
        "t.jsonl:1: caption 2 of 2 is empty; write one or leave it out.");
  CHECK(failure("t.jsonl", "{\"image\": 3, \"caption\": \"x\"}") ==
        "t.jsonl:1: image is number; expected a string.");
  CHECK(failure("t.jsonl", "[]") == "t.jsonl:1: the row is array; expected an object.");
  CHECK(failure("t.jsonl", "{\"image\": ").starts_with("t.jsonl:1: broken JSON: parse error"));
  CHECK(failure("t.jsonl", std::string(900'000, '[')).starts_with("t.jsonl:1: broken JSON"));
  CHECK(failure("t.jsonl", "{\"image\": \"a.png\", \"caption\": \"\xff\"}") ==
        "t.jsonl:1: the line is not UTF-8; convert it to UTF-8.");
  CHECK(failure("t.jsonl", R"({"image": "a.png", "caption": "a\u0000b"})") ==
        "t.jsonl:1: caption 1 has a zero byte; take it out.");
  CHECK(failure("t.csv", std::string("image,caption\na.png,a\0b\n", 24)) ==
        "t.csv:2: the row has a zero byte; take it out.");
  CHECK(failure("t.jsonl", good + std::string(1'100'000, 'x')) ==
        "t.jsonl:2: the line is longer than 1 MiB.");
}

TEST_CASE("a_missing_picture_is_found_when_the_table_is_read") {
  const TemporaryFolder folder;
  const auto path = folder.write("t.csv", "image,caption\nb.png,x\n");
  CHECK_THROWS_WITH_AS(read_table(path),
                       (path + ":2: there is no picture " + (folder / "b.png") + ".").c_str(),
                       DataError);
}

TEST_CASE("broken_csv_is_named_by_the_line_it_starts_on") {
  CHECK(failure("t.csv", "image,text\n") ==
        "t.csv:1: no column 'caption'; the header has image, text.");
  CHECK(failure("t.csv", "image,caption\na.png,x,y\n") ==
        "t.csv:2: the row has 3 values, but the header names 2 columns.");
  CHECK(failure("t.csv", "image,caption\n\na.png,\"x\ny\n") ==
        "t.csv:3: a quoted value has no closing quote.");
  CHECK(failure("t.csv", "image,caption\na.png,\"x\"y\n")
            .starts_with("t.csv:2: a value goes on after its closing quote"));
  CHECK(failure("t.csv", "") == "t.csv:1: the table is empty.");
  CHECK(failure("t.csv", "image,caption\n") == "t.csv: the table has no rows.");
  CHECK(failure("t.txt", "x") ==
        "t.txt: a table is a .jsonl, .csv or .tsv file, .tar shards, a COCO .json, an idx3-ubyte "
        "file or a folder, not '.txt'.");
  CHECK(failure("t.tar.gz", "x") ==
        "t.tar.gz: a compressed archive; shards are read at random places, so unpack it to .tar.");
}

TEST_CASE("problems_are_collected_where_asked_for") {
  const TemporaryFolder folder;
  folder.write("a.png", "");
  const auto path = folder.write("t.csv", "image,caption\na.png,x\nb.png,y\na.png,\na.png,z\n");
  std::vector<TableProblem> problems;
  CHECK(read_table(path, {}, &problems).rows.size() == 2);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].line == 3);
  CHECK(problems[1].message == path + ":4: the caption is empty; write one.");
}

TEST_CASE("a_split_that_is_not_there_names_those_that_are") {
  Table table{"t.csv", std::vector<TableRow>(3)};
  table.rows[1].split = "test";
  CHECK(rows_of_split(table, "train").size() == 2);
  CHECK(rows_of_split(table, "all").size() == 3);
  CHECK_THROWS_WITH_AS(rows_of_split(table, "val"),
                       "t.csv: there is no split 'val'; the table has test (1 rows), train (2 "
                       "rows).",
                       ConfigError);
}

TEST_CASE("rows_without_a_group_are_groups_of_their_own") {
  std::vector<TableRow> rows(4);
  rows[1].group = rows[3].group = "cat";
  CHECK(group_numbers(rows) == std::vector<int64_t>{0, 1, 2, 1});
}

TEST_CASE("sources_are_joined_with_their_weights_and_groups_of_their_own") {
  const TemporaryFolder folder;
  folder.write("a.png", "");
  DataConfig data;
  data.sources = {{.table = folder.write("a.csv", "image,caption,group\na.png,x,7\n")},
                  {.table = folder.write("b.csv", "image,caption,group,split\na.png,y,7,val\n"
                                                  "a.png,z,7,train\n"),
                   .split = "val",
                   .weight = 2.5}};
  const std::vector<TableRow> rows = training_rows(data);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].weight == 1);
  CHECK(rows[1].weight == 2.5f);
  CHECK(rows[1].captions[0] == "y");
  CHECK(group_numbers(rows) == std::vector<int64_t>{0, 1});
  data.sources[1].split = "none";
  CHECK_THROWS_AS(training_rows(data), ConfigError);
}
