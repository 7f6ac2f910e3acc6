#include "train/features/feature_set.h"

#include "core/error.h"
#include "tests/train/features/small_features.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace tandem;
using namespace tandem::test;

namespace {

// A file of one picture row [1, 2] and what `more` adds.
template <class More>
std::string write_with(const TemporaryFolder& folder, More more) {
  FeatureWriter file(folder / "a.h5");
  file.begin_rows("image_features", 2, 2);
  file.append(std::vector<float>{1, 2, 3, 4});
  more(file);
  file.finish();
  return folder / "a.h5";
}

}  // namespace

TEST_CASE("a_file_of_features_is_read_as_it_was_written_with_rows_of_unit_length") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  CHECK(is_feature_file(folder / "a.h5"));
  const FeatureSet set = read_feature_set(folder / "a.h5");
  CHECK(set.images->rows() == 12);
  CHECK(set.class_names == std::vector<std::string>{"cat", "dog", "owl"});
  CHECK(set.labels.back() == -1);
  CHECK(set.caption_image.size() == 12);
  std::vector<float> rows;
  set.images->read(std::vector<int64_t>{7, 0, 1, 2}, rows);  // a run in the middle of others
  REQUIRE(rows.size() == 12);
  const double length = std::sqrt(4 + 2 * 0.07 * 0.07);
  CHECK(std::abs(rows[0] - 0.07 / length) <= 1e-6);
  CHECK(std::abs(rows[1] - 2 / length) <= 1e-6);
  CHECK(rows[3] == 1);
  CHECK(set.class_texts->read_all() == std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1});
  CHECK(keep_if_small(set.images)->read_all() == set.images->read_all());
}

TEST_CASE("rows_of_a_split_with_labels_are_found_and_other_splits_are_named") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  const FeatureSet set = read_feature_set(folder / "a.h5");
  CHECK(rows_of_split(set, "test") == std::vector<int64_t>{9, 10, 11});
  const LabelledRows test = labelled_rows(set, "test");
  CHECK(test.rows == std::vector<int64_t>{9, 10});
  CHECK(test.labels == std::vector<int32_t>{0, 1});
  CHECK_THROWS_WITH_AS(rows_of_split(set, "tets"),
                       doctest::Contains("no split 'tets'; the file has test (3 rows), train (6"),
                       ConfigError);
}

TEST_CASE("data_sets_may_have_other_names") {
  const TemporaryFolder folder;
  const std::string path = write_with(folder, [](FeatureWriter& file) {
    file.integers("y", {1, 0});
  });
  CHECK(read_feature_set(path, {{"labels", "y"}}).classes() == 2);
  CHECK(read_feature_set(path).labels.empty());
  CHECK_THROWS_WITH_AS(read_feature_set(path, {{"lables", "y"}}),
                       doctest::Contains("there is no 'lables'; the names are"), ConfigError);
  CHECK_THROWS_WITH_AS(read_feature_set(path, {{"image_features", "x"}}),
                       doctest::Contains("a.h5: x is not there"), DataError);
}

TEST_CASE("features_that_do_not_fit_together_are_refused") {
  const TemporaryFolder folder;
  const auto refused = [&](auto more) {
    const std::string path = write_with(folder, more);
    try {
      read_feature_set(path);
    } catch (const Error& error) {
      return std::string(error.what()).substr(path.size() - 4);
    }
    return std::string("nothing");
  };
  CHECK(refused([](FeatureWriter& file) { file.integers("labels", {1}); }) ==
        "a.h5: labels has 1 rows; image_features has 2, and both must be as long.");
  CHECK(refused([](FeatureWriter& file) {
          file.integers("labels", {1, 2});
          file.texts("class_names", {"a", "b"});
        }) == "a.h5: labels has the value 2 in row 1, but there are 2 classes.");
  CHECK(refused([](FeatureWriter& file) {
          file.begin_rows("class_text_features", 1, 3);
          file.append(std::vector<float>{1, 2, 3});
        }).find("features of width 3, but image_features of 2") != std::string::npos);
  CHECK(refused([](FeatureWriter& file) {
          file.texts("class_names", {"a", "b"});
          file.begin_rows("class_text_features", 1, 2);
          file.append(std::vector<float>{1, 2});
        }) == "a.h5: class 'b' has no features; class_text_features has 1 rows.");
  CHECK(refused([](FeatureWriter& file) { file.texts("labels", {"a", "b"}); }) ==
        "a.h5: labels is not a data set of integers with one axis.");
}

TEST_CASE("a_label_far_above_all_others_needs_class_names") {
  const TemporaryFolder folder;
  const auto classes = [&](int32_t label, size_t names = 0) {
    const auto more = [&](FeatureWriter& file) {
      file.integers("labels", {0, label});
      if (names > 0) file.texts("class_names", std::vector<std::string>(names, "a"));
    };
    return read_feature_set(write_with(folder, more)).classes();
  };
  CHECK(classes(24'999) == 25'000);
  CHECK(classes(30'000, 40'000) == 40'000);
  CHECK_THROWS_WITH_AS(classes(25'000),
                       doctest::Contains("labels has the value 25000 in row 1, so that there would "
                                         "be 25001 classes of 2 pictures; number classes from 0"),
                       DataError);
  CHECK_THROWS_WITH_AS(classes(std::numeric_limits<int32_t>::max()),
                       doctest::Contains("would be 2147483648 classes of 2 pictures"), DataError);
}

TEST_CASE("texts_that_are_not_utf_8_are_refused_with_their_row") {
  const TemporaryFolder folder;
  const auto refused = [&](const char* name, const std::vector<std::string>& texts) {
    const std::string path =
        write_with(folder, [&](FeatureWriter& file) { file.texts(name, texts); });
    CHECK_THROWS_WITH_AS(read_feature_set(path),
                         doctest::Contains(" has a text in row 1 that is not UTF-8; convert it to "
                                           "UTF-8."),
                         DataError);
  };
  refused("class_names", {"caf\xc3\xa9", "caf\xe9"});
  refused("split", {"train", "pr\xfc" "fung"});
}

TEST_CASE("rows_without_a_direction_are_refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(MemoryRows({1, 0, 0, 0}, 2, "x").read_all(),
                       "x: the features of row 1 are all zeros; compute them again.", DataError);
  CHECK_THROWS_WITH_AS(MemoryRows({nan, 0}, 2, "x").read_all(),
                       "x: the features of row 0 are not finite; compute them again.", DataError);
  CHECK_THROWS_AS(MemoryRows({1, 0, 0}, 2, "x"), DataError);
}

TEST_CASE("a_file_that_is_not_finished_leaves_the_old_one") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  const std::string before = content_of(folder / "a.h5");
  {
    FeatureWriter file(folder / "a.h5");
    file.integers("labels", {1});
  }
  CHECK(content_of(folder / "a.h5") == before);
  CHECK_FALSE(std::filesystem::exists(folder / "a.h5.unfinished"));
  folder.write("cut.h5", before.substr(0, before.size() / 2));
  CHECK(is_feature_file(folder / "cut.h5"));
  CHECK_THROWS_AS(read_feature_set(folder / "cut.h5"), CheckpointError);
}
