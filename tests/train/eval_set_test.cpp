#include "train/data/eval_set.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/data/png.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

std::vector<TableRow> make_rows(const TemporaryFolder& folder) {
  std::vector<TableRow> rows(3);
  for (int64_t i = 0; i < 3; ++i) {
    const Image image{6, 8, std::vector<uint8_t>(144, static_cast<uint8_t>(50 * i))};
    rows[i].image = folder.write(std::to_string(i) + ".png", png_bytes(image));
    for (int64_t c = 0; c <= i; ++c) rows[i].captions.push_back(std::to_string(10 * i + c));
  }
  return rows;
}

std::vector<int32_t> tokenize(const std::string& caption) { return {std::stoi(caption), 9, 9}; }

}  // namespace

TEST_CASE("every_picture_and_caption_comes_in_the_order_of_the_table") {
  const TemporaryFolder folder;
  DataConfig data;
  data.mean = {0, 0, 0};
  data.std = {1, 1, 1};
  EvalSet set(make_rows(folder), data, 4, tokenize);
  CHECK(set.pictures() == 3);
  CHECK(set.picture_of() == std::vector<int64_t>{0, 1, 1, 2, 2, 2});
  CHECK(set.caption(4) == "21");
  std::vector<int32_t> tokens;
  set.tokens(1, 3, tokens);
  CHECK(tokens == std::vector<int32_t>{10, 9, 9, 11, 9, 9, 20, 9, 9});
  std::vector<float> pixels;
  for (int repeat = 0; repeat < 2; ++repeat) {  // decoded, then kept
    set.pixels(1, 2, pixels);
    REQUIRE(pixels.size() == 2 * 48);
    CHECK(std::abs(pixels[0] - 50 / 255.0f) <= 1e-6);
    CHECK(std::abs(pixels[95] - 100 / 255.0f) <= 1e-6);
  }
}

TEST_CASE("a_file_that_begins_as_no_picture_is_found_before_an_evaluation") {
  const TemporaryFolder folder;
  EvalSet set(make_rows(folder), {}, 4, tokenize);
  set.check_files();
  folder.write("1.png", "<html>no such picture</html>");
  folder.write("2.png", "");
  CHECK_THROWS_WITH_AS(set.check_files(), doctest::Contains("1.png: not a PNG"), DataError);
  std::filesystem::remove(folder / "1.png");
  CHECK_THROWS_WITH_AS(set.check_files(), doctest::Contains("1.png: no such file"), DataError);
}

TEST_CASE("an_unreadable_picture_stops_an_evaluation") {
  const TemporaryFolder folder;
  EvalSet set(make_rows(folder), {}, 4, tokenize);
  folder.write("1.png", "x");
  std::vector<float> pixels;
  set.pixels(0, 1, pixels);
  CHECK_THROWS_WITH_AS(set.pixels(0, 3, pixels), doctest::Contains("1.png"), DataError);
  CHECK_THROWS_AS(set.pixels(2, 2, pixels), DataError);
}
