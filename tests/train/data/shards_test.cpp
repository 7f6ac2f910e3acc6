#include "core/error.h"
#include "tests/train/data/tar_files.h"
#include "tests/train/temporary_folder.h"
#include "train/data/png.h"
#include "train/data/table.h"

#include <doctest/doctest.h>

using namespace tandem;
using namespace tandem::test;
using Texts = std::vector<std::string>;

namespace {

std::string grey(uint8_t value) { return png_bytes({2, 2, std::vector<uint8_t>(12, value)}); }

// What reading one shard of these members says, from the shard's name on.
std::string failure(const std::string& members) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.tar", members + tar_close());
  try {
    read_table(path);
  } catch (const DataError& error) {
    return std::string(error.what()).substr(path.size());
  }
  return "no error";
}

}  // namespace

TEST_CASE("neighbours_with_the_same_name_are_one_sample") {
  const TemporaryFolder folder;
  folder.write("s-0.tar", tar_entry("x/1.png", grey(1)) + tar_entry("x/1.txt", "one\n") +
                              tar_entry("x/2.seg.png", "not this") + tar_entry("x/2.txt", "two") +
                              tar_entry("x/2.PNG", grey(2)) + tar_entry("__info__.txt", "about") +
                              tar_entry("._hidden.png", "") + tar_close());
  folder.write("s-1.tar", tar_entry("1.txt", "three") + tar_entry("1.png", grey(3)) + tar_close());
  const Table table = read_table(folder / "s-{0..1}.tar");
  REQUIRE(table.rows.size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(table.rows[i].line == i + 1);
    CHECK(table.rows[i].split == "train");
    CHECK(load_picture(table.rows[i]).rgb[0] == i + 1);
  }
  CHECK(table.rows[1].captions == Texts{"two"});
  CHECK(table.rows[1].image == (folder / "s-0.tar") + ": x/2.PNG");
  CHECK(table.rows[2].captions == Texts{"three"});
}

TEST_CASE("keys_of_samples_have_alternatives_in_order") {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "a.tar", tar_entry("1.jpg", grey(1)) + tar_entry("1.png", grey(2)) +
                   tar_entry("1.txt", "text") + tar_entry("1.json", "{\"caption\": \"json\"}") +
                   tar_entry("2.png", grey(3)) + tar_entry("2.txt", "text") +
                   tar_entry("2.json", "{\"caption\": null, \"split\": \"val\", \"group\": 4}") +
                   tar_close());
  const Table usual = read_table(path);
  CHECK(load_picture(usual.rows[0]).rgb[0] == 1);
  CHECK(usual.rows[0].captions == Texts{"json"});
  CHECK(usual.rows[1].captions == Texts{"text"});
  CHECK(usual.rows[1].split == "val");
  CHECK(usual.rows[1].group == "4");
  const Table other = read_table(path, {.img_key = "png;jpg", .caption_key = "txt;json"});
  CHECK(load_picture(other.rows[0]).rgb[0] == 2);
  CHECK(other.rows[0].captions == Texts{"text"});
}

TEST_CASE("a_label_does_not_stand_in_for_a_member_that_is_not_there") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.tar", tar_entry("1.png", grey(1)) + tar_entry("1.txt", "text") +
                                              tar_entry("1.json", "{\"label\": 3}") + tar_close());
  CHECK(read_table(path).rows[0].captions == Texts{"text"});
  CHECK_THROWS_WITH_AS(read_table(path, {.caption_key = "tx"}),
                       doctest::Contains("no caption; expected a member .tx."), DataError);
}

TEST_CASE("fields_of_json_members_have_probabilities") {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "a.tar", tar_entry("1.png", grey(1)) +
                   tar_entry("1.json", R"({"alt": "a", "made": ["b", "c"], "none": null})") +
                   tar_entry("2.png", grey(1)) + tar_entry("2.json", R"({"made": "d"})") +
                   tar_close());
  const TableFormat format{.captions = {{"alt", 0.25}, {"made", 0.5}, {"none", 1}, {"more", 1}}};
  const Table table = read_table(path, format);
  CHECK(table.rows[0].captions == Texts{"a", "b", "c"});
  CHECK(table.rows[0].probabilities == std::vector<float>{0.25f, 0.25f, 0.25f});
  CHECK(table.rows[1].captions == Texts{"d"});
}

TEST_CASE("a_bad_sample_is_named_by_shard_and_name") {
  const std::string good = tar_entry("0.png", grey(1)) + tar_entry("0.txt", "x");
  CHECK(failure(good + tar_entry("1.txt", "x")) ==
        ": sample 1: no picture; expected a member .jpg or .jpeg or .png or .webp.");
  CHECK(failure(good + tar_entry("1.png", "x")) ==
        ": sample 1: no caption; expected a member .json or .txt.");
  CHECK(failure(tar_entry("1.png", "x") + tar_entry("1.png", "y") + tar_entry("1.txt", "y")) ==
        ": sample 1: two members .png.");
  CHECK(failure(tar_entry("1.png", "x") + tar_entry("1.txt", "\xff")) ==
        ": sample 1: caption 1 is not UTF-8; convert it to UTF-8.");
  CHECK(failure(tar_entry("1.png", "x") + tar_entry("1.txt", " \n")) ==
        ": sample 1: the caption is empty; write one.");
  CHECK(failure(tar_entry("1.png", "x") + tar_entry("1.json", "{")).starts_with(
      ": sample 1: broken JSON"));
  CHECK(failure(tar_entry("1.png", "x") + tar_entry("1.txt", std::string(1'048'577, 'x'))) ==
        ": sample 1: 1.txt has 1048577 bytes; expected at most 1048576.");
  CHECK(failure("") == ": the table has no rows.");
}

TEST_CASE("bad_samples_and_cut_shards_are_collected_where_asked_for") {
  const TemporaryFolder folder;
  folder.write("a0.tar", tar_entry("1.txt", "x") + tar_entry("2.png", grey(2)) +
                             tar_entry("2.txt", "two") + tar_close());
  folder.write("a1.tar", tar_entry("1.png", grey(3)) + tar_entry("1.txt", "three") +
                             tar_entry("2.png", grey(3)) + tar_header({"3.png", "00000001000"}));
  std::vector<TableProblem> problems;
  const Table table = read_table(folder / "a{0..2}.tar", {}, &problems);
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].line == 2);
  CHECK(table.rows[1].captions == Texts{"three"});
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].message.starts_with((folder / "a0.tar") + ": sample 1: no picture"));
  CHECK(problems[1].message.ends_with("it was cut."));
  CHECK(problems[2].message.find("a2.tar") != std::string::npos);
  CHECK_THROWS_AS(read_table(folder / "a{0..2}.tar"), DataError);
}

TEST_CASE("names_that_climb_out_of_folders_stay_names") {
  const TemporaryFolder folder;
  const auto path = folder.write("in/a.tar", tar_entry("../../evil.png", grey(9)) +
                                                 tar_entry("../../evil.txt", "x") +
                                                 tar_entry("/etc/b.png", grey(8)) +
                                                 tar_entry("/etc/b.txt", "y") + tar_close());
  const Table table = read_table(path);
  REQUIRE(table.rows.size() == 2);
  CHECK(load_picture(table.rows[0]).rgb[0] == 9);
  CHECK(load_picture(table.rows[1]).rgb[0] == 8);
  CHECK_FALSE(std::filesystem::exists(folder / "evil.png"));
}

TEST_CASE("a_giant_picture_in_a_shard_is_refused_before_it_is_read") {
  const TemporaryFolder folder;
  const auto path = folder.write("a.tar", tar_entry("1.txt", "x") +
                                              tar_header({"1.png", "00700000000"}));
  std::filesystem::resize_file(path, 1024 + 512 + (int64_t{0700000000} + 1024));  // a hole
  const Table table = read_table(path);
  CHECK_THROWS_WITH_AS(load_picture(table.rows[0], {Alpha::drop, 1'000'000}),
                       doctest::Contains("the file has 117440512 bytes; a picture of at most "
                                         "1000000 pixels has at most 75108864"),
                       DataError);
}

TEST_CASE("a_shard_that_shrinks_after_it_was_listed_is_an_error") {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "a.tar", tar_entry("1.txt", "x") + tar_entry("1.png", grey(1)) + tar_close());
  const Table table = read_table(path);
  std::filesystem::resize_file(path, 1030);
  CHECK_THROWS_AS(load_picture(table.rows[0]), DataError);
}
