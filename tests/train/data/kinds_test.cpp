// Tables that others' data sets are: open_clip's CSV, class folders, COCO captions, IDX pictures.
#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/data/png.h"
#include "train/data/table.h"

#include <doctest/doctest.h>
#include <zlib.h>

using namespace tandem;
using tandem::test::TemporaryFolder;
using Texts = std::vector<std::string>;

namespace {

std::string grey(uint8_t value) { return png_bytes({2, 2, std::vector<uint8_t>(12, value)}); }

std::string error_of(const std::string& path, const TableFormat& format = {}) {
  try {
    read_table(path, format);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string big_endian(std::initializer_list<int64_t> values) {
  std::string bytes;
  for (const int64_t value : values) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

std::string write_gzip(const TemporaryFolder& folder, const std::string& name,
                       const std::string& content) {
  const std::string path = folder / name;
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
  return path;
}

const std::string two_labels = big_endian({0x801, 2}) + std::string("\1\0", 2);

}  // namespace

TEST_CASE("open_clips_csv_options_choose_columns_separator_and_folder") {
  const TemporaryFolder folder;
  folder.write("pictures/a.png", grey(1));
  const auto path = folder.write("t.csv", "filepath|title|title_2\na.png|one, two|three\n");
  const TableFormat format{.img_key = "filepath",
                           .caption_key = "title",
                           .separator = "|",
                           .image_folder = folder / "pictures"};
  const Table table = read_table(path, format);
  REQUIRE(table.rows.size() == 1);
  CHECK(table.rows[0].image == (folder / "pictures/a.png"));
  CHECK(table.rows[0].captions == Texts{"one, two", "three"});
  CHECK(error_of(path, {.img_key = "file", .separator = "|"}) ==
        path + ":1: no column 'file'; the header has filepath, title, title_2.");
}

TEST_CASE("several_columns_or_fields_hold_captions_with_probabilities") {
  const TemporaryFolder folder;
  folder.write("a.png", grey(1));
  const TableFormat format{.captions = {{"alt", 3}, {"made", 1}}};
  const auto columns = folder.write("t.csv", "image,alt,made\na.png,x,y\na.png,,z\n");
  const Table csv = read_table(columns, format);
  CHECK(csv.rows[0].captions == Texts{"x", "y"});
  CHECK(csv.rows[0].probabilities == std::vector<float>{3, 1});
  CHECK(csv.rows[1].captions == Texts{"z"});
  const auto json = folder.write(
      "t.jsonl", R"({"image": "a.png", "made": ["y", "z"]})"
                 "\n" R"({"image": "a.png", "caption": "x"})");
  CHECK(error_of(json, format) ==
        json + ":2: the row has none of the fields that data.captions names; it has caption, image.");
  const auto rows = folder.write(
      "p.jsonl", R"({"image": "a.png", "captions": ["y", "z"], "probabilities": [1, 0]})");
  CHECK(read_table(rows).rows[0].probabilities == std::vector<float>{1, 0});
  const auto wrong = folder.write(
      "w.jsonl", R"({"image": "a.png", "captions": ["y", "z"], "probabilities": [1, -1]})");
  CHECK(error_of(wrong).find("expected 2 numbers from 0") != std::string::npos);
}

TEST_CASE("a_label_does_not_stand_in_for_a_caption_key_that_is_not_there") {
  const TemporaryFolder folder;
  folder.write("a.png", grey(1));
  const auto json = folder.write("t.jsonl", R"({"image": "a.png", "title": "x", "label": 3})");
  CHECK(error_of(json, {.caption_key = "tilte"}) ==
        json + ":1: the row has no tilte; it has image, label, title.");
  CHECK(error_of(json, {.captions = {{"tilte"}}}) ==
        json + ":1: the row has none of the fields that data.captions names; it has image, label, "
               "title.");
  const auto csv = folder.write("t.csv", "image,title,label\na.png,x,3\n");
  CHECK(error_of(csv, {.caption_key = "tilte"}) ==
        csv + ":1: no column 'tilte'; the header has image, title, label.");
}

TEST_CASE("a_folder_of_class_folders_is_a_table") {
  const TemporaryFolder folder;
  folder.write("data/polar_bear/b.png", grey(2));
  folder.write("data/polar_bear/deep/a.JPG", "not opened");
  folder.write("data/ant/z.webp", "not opened");
  folder.write("data/ant/notes.txt", "no picture");
  const Table table = read_table(folder / "data", {.class_template = "a {}, a photo of a {}"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0].captions == Texts{"a ant, a photo of a ant"});
  CHECK(table.rows[1].captions == Texts{"a polar bear, a photo of a polar bear"});
  CHECK(table.rows[1].image == (folder / "data/polar_bear/b.png"));
  CHECK(table.rows[2].group == "polar_bear");
  CHECK(table.rows[2].label == "polar bear");
  const auto names = folder.write("names.txt", "Formica\nUrsus\n");
  CHECK(read_table(folder / "data", {.class_names = names}).rows[2].captions == Texts{"Ursus"});
  const auto one = folder.write("one.txt", "Formica\n");
  CHECK(error_of(folder / "data", {.class_names = one}) ==
        (folder / "data") + ": the folder has 2 class folders, but " + one + " has 1 names.");
  CHECK(error_of(folder / "data/ant").ends_with("expected one for each class."));
}

TEST_CASE("coco_captions_are_joined_with_their_pictures") {
  const TemporaryFolder folder;
  folder.write("train/9.png", grey(9));
  folder.write("train/5.png", grey(5));
  const auto path = folder.write("a.json", R"({"info": {"images": [1, {"id": 7}]},
    "annotations": [{"image_id": 5, "id": 1, "caption": "five"},
                    {"image_id": 9, "id": 2, "caption": "nine", "more": {"caption": [3]}},
                    {"image_id": 5, "id": 3, "caption": "V"}],
    "images": [{"id": 9, "file_name": "9.png", "height": 2}, 4, [5],
               {"id": 5, "file_name": "5.png", "license": [1, 2]}], "licenses": []})");
  const Table table = read_table(path, {.image_folder = folder / "train"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].captions == Texts{"nine"});
  CHECK(table.rows[1].captions == Texts{"five", "V"});
  CHECK(load_picture(table.rows[1]).rgb[0] == 5);
  CHECK(error_of(path) == path + ":1: there is no picture " + (folder / "9.png") + ".");
}

TEST_CASE("coco_files_that_are_wrong_are_named") {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& content) {
    return error_of(folder.write("a.json", content)).substr((folder / "a.json").size());
  };
  CHECK(error("{\"images\": [").starts_with(": broken JSON: parse error"));
  CHECK(error("[]") == ": the table has no rows.");
  CHECK(error(std::string(2'000'000, '[')).starts_with(": broken JSON"));
  CHECK(error("{\"images\": [{\"id\": \"x\"}]}") ==
        ": an entry has no id; expected a whole number.");
  CHECK(error("{\"images\": [{\"id\": 1, \"file_name\": 3}]}") ==
        ": file_name is number; expected a string.");
  CHECK(error("{\"annotations\": [{\"image_id\": 1, \"caption\": \"x\"}]}") ==
        ": a caption is of image 1, which is not there.");
}

TEST_CASE("idx_pictures_become_rgb_with_captions_from_class_names") {
  const TemporaryFolder folder;
  const std::string pixels("\x00\x01\x02\x03\x04\xff", 6);
  const auto path = write_gzip(folder, "train-images-idx3-ubyte.gz",
                               big_endian({0x803, 2, 1, 3}) + pixels);
  write_gzip(folder, "train-labels-idx1-ubyte.gz", two_labels);
  const auto names = folder.write("names.txt", "shirt\nankle boot");
  const Table table = read_table(path, {.class_names = names, .class_template = "a photo of a {}"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].captions == Texts{"a photo of a ankle boot"});
  CHECK(table.rows[1].group == "0");
  CHECK(table.rows[1].label == "shirt");
  const Image image = load_picture(table.rows[1]);
  CHECK(image.width == 3);
  CHECK(image.height == 1);
  CHECK(image.rgb == std::vector<uint8_t>{3, 3, 3, 4, 4, 4, 255, 255, 255});
  CHECK(read_table(path).rows[0].captions == Texts{"1"});
  const auto one = folder.write("one.txt", "shirt");
  CHECK(error_of(path, {.class_names = one}) ==
        path + ":1: label 1, but " + one + " has 1 names.");
}

TEST_CASE("an_idx_file_is_told_by_its_name_alone") {
  const TemporaryFolder folder;
  folder.write("images-idx3-ubyte/a.png", grey(1));
  const auto path = folder.write("images-idx3-ubyte/t.csv", "image,caption\na.png,x\n");
  CHECK(read_table(path).rows[0].captions == Texts{"x"});
  CHECK_FALSE(is_table(folder / "images-idx3-ubyte/names.txt"));
  CHECK(error_of(folder.write("images/t-idx3-ubyte", "")).find("expected a name with 'images'") !=
        std::string::npos);
}

TEST_CASE("idx_headers_that_lie_are_refused") {
  const TemporaryFolder folder;
  folder.write("labels-idx1-ubyte", two_labels);
  const auto error = [&](const std::string& content) {
    const auto path = folder.write("images-idx3-ubyte", content);
    return error_of(path).substr(path.size());
  };
  CHECK(error(big_endian({0x803, 2, 2, 2}) + "1234567") ==
        ": its header says 8 bytes, but there are 7; it was cut.");
  CHECK(error(big_endian({0x803, 2, 2, 2}) + "123456789") ==
        ": there are more bytes than the 8 that its header says.");
  CHECK(error_of(folder.write("images-idx3-ubyte", big_endian({0x803, 3, 1, 1}) + "123")) ==
        (folder / "labels-idx1-ubyte") + ": it has 2 labels, but " +
            (folder / "images-idx3-ubyte") + " has 3 pictures.");
  CHECK(error(big_endian({0x803, 0xffffffff, 0xffffffff, 0xffffffff})).starts_with(": axis 1"));
  CHECK(error(big_endian({0x803, 2, 65536, 65536})).starts_with(": axis 3 has size 65536"));
  CHECK(error(big_endian({0x803, 2, 0, 1})).starts_with(": axis 2 has size 0"));
  CHECK(error(big_endian({0x801, 2, 0, 1})) == ": not an IDX file of bytes with 3 axes.");
  CHECK(error("") == ": not an IDX file of bytes with 3 axes.");
}

TEST_CASE("gzip_bombs_and_cut_gzip_files_are_refused") {
  const TemporaryFolder folder;
  folder.write("labels-idx1-ubyte.gz", two_labels);
  const auto bomb = write_gzip(folder, "images-idx3-ubyte.gz",
                               big_endian({0x803, 2, 1, 1}) + std::string(40'000'000, '\0'));
  CHECK(std::filesystem::file_size(bomb) < 100'000);
  CHECK(error_of(bomb) == bomb + ": there are more bytes than the 2 that its header says.");
  std::string noise = big_endian({0x803, 2, 100, 100});
  for (uint32_t i = 0, state = 1; i < 20'000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24);
  }
  const auto path = write_gzip(folder, "images-idx3-ubyte.gz", noise);
  CHECK(error_of(path) == "no error");
  std::filesystem::resize_file(path, 10'000);
  CHECK(error_of(path).starts_with(path + ": can't be unpacked: "));
}
