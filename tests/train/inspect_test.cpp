#include "train/data/inspect.h"

#include "tests/train/temporary_folder.h"
#include "train/data/npy.h"
#include "train/data/png.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

std::string picture(int64_t width, uint8_t value) {
  return png_bytes({width, 4, std::vector<uint8_t>(width * 12, value)});
}

// Seven rows: four good, a missing picture, one that is none, an empty caption.
std::string write_table(const TemporaryFolder& folder) {
  folder.write("a.png", picture(8, 10));
  folder.write("b.png", picture(200, 20));
  folder.write("same.png", picture(8, 10));
  folder.write("bad.png", "no picture");
  return folder.write("t.csv",
                      "image,caption,split,group\n"
                      "a.png,a cat,train,1\n"
                      "b.png,a cat,train,2\n"
                      "missing.png,x,train,\n"
                      "bad.png,x,train,\n"
                      "same.png,<b>\xc3\xa9</b> two words,test,3\n"
                      "b.png,,train,\n"
                      "b.png,a cat,train,2\n");
}

}  // namespace

TEST_CASE("an_inspection_counts_and_finds_what_is_wrong") {
  const TemporaryFolder folder;
  const auto path = write_table(folder);
  const auto found = nlohmann::json::parse(inspection_json(inspect_table(path, {}, {}, 2)));
  CHECK(found["rows"] == 4);
  CHECK(found["splits"]["train"]["rows"] == 3);
  CHECK(found["splits"]["train"]["groups"] == 2);
  CHECK(found["splits"]["test"]["captions"] == 1);
  CHECK(found["picture_width"]["max"] == 200);
  CHECK(found["caption_characters"]["max"] == 18);
  CHECK(found["caption_words"]["max"] == 3);
  REQUIRE(found["bad"].size() == 3);
  CHECK(found["bad"][0]["line"] == 4);
  const std::string reason = found["bad"][1]["reason"];
  CHECK(reason.starts_with(path + ":5: " + (folder / "bad.png") + ": not a PNG, JPEG or WebP"));
  CHECK(found["bad"][2]["line"] == 7);
  REQUIRE(found["same_pictures"].size() == 2);
  CHECK(found["same_pictures"][0]["lines"] == std::vector<int>{2, 6});
  CHECK(found["same_pictures"][0]["across_splits"] == true);
  CHECK(found["same_pictures"][1]["across_splits"] == false);
  REQUIRE(found["same_captions_in_different_groups"].size() == 1);
  CHECK(found["same_captions_in_different_groups"][0]["lines"] == std::vector<int>{2, 3, 8});
}

TEST_CASE("the_inspection_page_holds_its_pictures_and_escapes_captions") {
  const TemporaryFolder folder;
  const auto inspection = inspect_table(write_table(folder), {}, {}, 1);
  const std::string page = inspection_html(inspection, {}, 100);
  size_t pictures = 0;
  for (size_t at = 0; (at = page.find("data:image/png;base64,", at)) != std::string::npos; ++at) {
    ++pictures;
  }
  CHECK(pictures == 4);
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("&lt;b&gt;") != std::string::npos);
}

TEST_CASE("npy_files_have_numpys_header") {
  const std::vector<uint8_t> values{1, 2, 3, 4, 5, 6};
  const std::string bytes = npy_bytes({1, 2, 3}, values);
  CHECK(bytes.starts_with(std::string("\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', ", 26)));
  CHECK(bytes.find("'fortran_order': False, 'shape': (1, 2, 3), }") != std::string::npos);
  REQUIRE(bytes.size() == 128 + 6);
  CHECK(bytes[127] == '\n');
  CHECK(bytes.substr(128) == "\x01\x02\x03\x04\x05\x06");
  CHECK(npy_bytes({6}, values).find("'shape': (6,), }") != std::string::npos);
}
