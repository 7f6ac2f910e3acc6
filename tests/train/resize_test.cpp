#include "train/data/resize.h"

#include "core/error.h"
#include "tests/folders.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace tandem;

namespace {

Image constant(int64_t width, int64_t height, uint8_t value) {
  return {width, height, std::vector<uint8_t>(width * height * 3, value)};
}

// The data of a NumPy file of bytes, version 1.
std::vector<uint8_t> npy_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  REQUIRE(text.size() > 10);
  const size_t start = 10 + static_cast<uint8_t>(text[8]) + 256 * static_cast<uint8_t>(text[9]);
  return {text.begin() + start, text.end()};
}

int largest_difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  REQUIRE(a.size() == b.size());
  int largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("pictures_are_preprocessed_as_pil_does") {
  const auto folder = test::shared_folder() / "fixtures/preprocess";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: " << folder.string() << " is not here");
    return;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder / "images")) {
    const Image image = load_image(entry.path().string());
    for (const int64_t size : {64, 224}) {
      const auto name = entry.path().filename().string() + "." + std::to_string(size) + ".npy";
      CAPTURE(name);
      const int tolerance = entry.path().extension() == ".jpg" ? 2 : 0;  // libjpegs differ
      const Image found = resize_and_crop(image, size);
      const int difference = largest_difference(found.rgb, npy_bytes(folder / "expected" / name));
      CHECK(difference <= tolerance);
    }
  }
}

TEST_CASE("a_step_overshoots_as_keys_kernel_says") {
  // Doubling 0 0 200 200: outputs lie a quarter pixel off the inputs, where the four weights are
  // -9/128, 111/128, 29/128, -3/128, and at the border what is there of them is scaled to sum to 1.
  Image image = constant(4, 1, 0);
  for (size_t i = 6; i < 12; ++i) image.rgb[i] = 200;
  Image out;
  ResizeScratch scratch;
  resize(image, {0, 0, 4, 1}, 8, 1, {0, 0, 8, 1}, Filter::bicubic, out, scratch);
  std::vector<int> red;
  for (int x = 0; x < 8; ++x) red.push_back(out.rgb[x * 3]);
  CHECK(red == std::vector<int>{0, 0, 0, 41, 159, 214, 204, 200});
}

TEST_CASE("bilinear_halving_weighs_a_triangle") {
  Image image = constant(4, 1, 0);
  for (size_t i = 0; i < 3; ++i) image.rgb[i] = 70;  // weights 3, 3, 1 of 7 at the border
  Image out;
  ResizeScratch scratch;
  resize(image, {0, 0, 4, 1}, 2, 1, {0, 0, 2, 1}, Filter::bilinear, out, scratch);
  CHECK(out.rgb[0] == 30);
  CHECK(out.rgb[3] == 0);
}

TEST_CASE("a_window_of_a_box_is_cut_from_the_whole_result") {
  Image image = constant(50, 40, 0);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>(i * 31 % 251);
  Image whole, part;
  ResizeScratch scratch;
  resize(image, {5, 6, 30, 20}, 21, 33, {0, 0, 21, 33}, Filter::bicubic, whole, scratch);
  resize(image, {5, 6, 30, 20}, 21, 33, {7, 9, 8, 5}, Filter::bicubic, part, scratch);
  REQUIRE(part.rgb.size() == 8 * 5 * 3);
  for (int y = 0; y < 5; ++y) {
    for (int i = 0; i < 24; ++i) {
      REQUIRE(part.rgb[y * 24 + i] == whole.rgb[((y + 9) * 21 + 7) * 3 + i]);
    }
  }
}

TEST_CASE("the_thinnest_picture_costs_no_more_than_its_square") {
  const Image out = resize_and_crop(constant(3'000'000, 1, 77), 64);
  CHECK(out.rgb == std::vector<uint8_t>(64 * 64 * 3, 77));
}

TEST_CASE("boxes_outside_the_picture_are_refused") {
  Image out;
  ResizeScratch scratch;
  CHECK_THROWS_AS(
      resize(constant(4, 4, 0), {1, 0, 4, 4}, 2, 2, {0, 0, 2, 2}, Filter::bicubic, out, scratch),
      DataError);
  CHECK_THROWS_AS(resize_and_crop(constant(4, 4, 0), 0), DataError);
}
