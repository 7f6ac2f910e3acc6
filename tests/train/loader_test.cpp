#include "train/data/loader.h"

#include "core/error.h"
#include "tests/address_limit.h"
#include "tests/train/temporary_folder.h"
#include "train/data/png.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

// Rows with a picture of one grey each, 2 * row; captions "0".."1" after the row's number.
std::vector<TableRow> make_rows(const TemporaryFolder& folder, int64_t count, int64_t groups) {
  std::vector<TableRow> rows(count);
  for (int64_t i = 0; i < count; ++i) {
    const Image image{10, 9, std::vector<uint8_t>(270, static_cast<uint8_t>(2 * i))};
    rows[i].image = folder.write(std::to_string(i) + ".png", png_bytes(image));
    rows[i].captions = {std::to_string(10 * i), std::to_string(10 * i + 1)};
    rows[i].group = std::to_string(i % groups);
  }
  return rows;
}

LoaderOptions make_options(int64_t workers = 2) {
  LoaderOptions options;
  options.data.workers = workers;
  options.data.mean = {0, 0, 0};
  options.data.std = {1, 1, 1};
  options.batch_size = 4;
  options.image_size = 8;
  options.seed = 5;
  options.tokenize = [](const std::string& caption) {
    return std::vector<int32_t>{1, std::stoi(caption), 2, 0, 0, 0};
  };
  return options;
}

bool same(const Batch& a, const Batch& b) {
  return a.pixels == b.pixels && a.tokens == b.tokens && a.samples == b.samples &&
         a.epoch == b.epoch && a.index == b.index;
}

}  // namespace

TEST_CASE("a_batch_holds_the_pictures_and_captions_of_its_samples") {
  const TemporaryFolder folder;
  Loader loader(make_rows(folder, 20, 10), make_options());
  CHECK(loader.batches_per_epoch() == 5);
  const Batch batch = loader.next();
  REQUIRE(batch.samples.size() == 4);
  REQUIRE(batch.pixels.size() == 4 * 3 * 64);
  REQUIRE(batch.tokens.size() == 4 * 6);
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t sample = batch.samples[i];
    CHECK(std::abs(batch.pixels[i * 192 + 100] - 2.0f * sample / 255.0f) <= 1e-6);
    CHECK(batch.tokens[i * 6 + 1] / 10 == sample);
    CHECK(std::equal(&batch.tokens[i * 6 + 2], &batch.tokens[i * 6] + 6,
                     std::vector<int32_t>{2, 0, 0, 0}.begin()));
  }
}

TEST_CASE("batches_do_not_depend_on_threads_or_the_cache") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 7);
  auto one = make_options(1), many = make_options(5);
  one.data.augment.scale = many.data.augment.scale = {0.5, 1.0};
  many.cache_bytes = 0;
  Loader a(rows, one), b(rows, many);
  for (int i = 0; i < 13; ++i) REQUIRE(same(a.next(), b.next()));
}

TEST_CASE("loader_threads_that_the_system_can_not_start_are_told_in_a_sentence") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  MESSAGE("not tested: sanitizers can't work in little address space");
#else
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 4, 4);
  auto options = make_options(500);
  options.prefetch = 1;
  const AddressLimit limit(64 << 20);
  CHECK_THROWS_WITH_AS(Loader(rows, options),
                       doctest::Contains("of 500 threads could be started"), DataError);
#endif
}

TEST_CASE("resuming_gives_the_batches_that_would_have_come") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 7);
  Loader whole(rows, make_options());
  Batch batch;
  for (int i = 0; i < 8; ++i) whole.next(batch);
  Loader resumed(rows, make_options(), whole.position());
  for (int i = 0; i < 7; ++i) REQUIRE(same(whole.next(), resumed.next()));
}

TEST_CASE("all_captions_of_a_picture_have_their_turn") {
  const TemporaryFolder folder;
  Loader loader(make_rows(folder, 4, 4), make_options());
  std::set<int32_t> seen;
  for (int i = 0; i < 20; ++i) {
    const Batch batch = loader.next();
    for (int slot = 0; slot < 4; ++slot) seen.insert(batch.tokens[slot * 6 + 1]);
  }
  CHECK(seen == std::set<int32_t>{0, 1, 10, 11, 20, 21, 30, 31});
}

TEST_CASE("patch_dropout_keeps_other_patches_of_a_sample_in_each_epoch") {
  const TemporaryFolder folder;
  LoaderOptions options = make_options();
  options.tokens.patches = 16;
  options.kept_patches = 8;
  const auto rows = make_rows(folder, 4, 4);
  Loader loader(rows, options), resumed(rows, options, {1, 0});
  const Batch first = loader.next(), second = loader.next();
  REQUIRE(first.kept_tokens.size() == 4 * 9);
  for (int slot = 0; slot < 4; ++slot) CHECK(first.kept_tokens[slot * 9] == slot * 17);
  CHECK(std::is_sorted(first.kept_tokens.begin(), first.kept_tokens.end()));
  CHECK(first.kept_tokens != second.kept_tokens);
  CHECK(resumed.next().kept_tokens == second.kept_tokens);
}

TEST_CASE("a_bad_picture_stops_next_with_its_name") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 4, 4);
  folder.write("2.png", "not one");
  Loader loader(rows, make_options());
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_AS_MESSAGE(loader.next(), DataError, "the same error again");
  }
  try {
    loader.next();
  } catch (const DataError& error) {
    CHECK(std::string(error.what()).starts_with(folder / "2.png: not a PNG, JPEG or WebP"));
  }
}

TEST_CASE("bad_pictures_within_the_allowance_are_replaced_the_same_way_every_time") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 10);
  folder.write("2.png", "not one");
  folder.write("13.png", "");
  auto options = make_options(3);
  options.data.max_bad_samples = 2;
  std::vector<std::string> warnings;
  options.warn = [&](const std::string& warning) { warnings.push_back(warning); };
  Loader a(rows, options), b(rows, options);
  for (int i = 0; i < 15; ++i) {
    const Batch batch = a.next();
    REQUIRE(same(batch, b.next()));
    std::set<int64_t> groups;
    for (const int64_t sample : batch.samples) {
      REQUIRE(sample != 2);
      REQUIRE(sample != 13);
      groups.insert(sample % 10);
    }
    REQUIRE(groups.size() == 4);
  }
  CHECK(a.bad_samples() == std::set<int64_t>{2, 13});
  CHECK(warnings.size() == 4);  // two loaders
}

TEST_CASE("one_bad_picture_too_many_stops_the_run") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 10);
  for (const char* name : {"1.png", "2.png", "3.png"}) folder.write(name, "x");
  auto options = make_options();
  options.data.max_bad_samples = 2;
  Loader loader(rows, options);
  const auto epoch = [&] {
    for (int i = 0; i < 5; ++i) loader.next();
  };
  CHECK_THROWS_WITH_AS(epoch(), doctest::Contains("3 pictures can't be read"), DataError);
  CHECK(loader.bad_samples().size() == 2);
}

TEST_CASE("a_batch_that_nothing_can_complete_is_an_error") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 4, 4);
  folder.write("2.png", "x");
  auto options = make_options();
  options.data.max_bad_samples = 4;
  Loader loader(rows, options);
  CHECK_THROWS_WITH_AS(loader.next(), doctest::Contains("No other sample"), DataError);
}

TEST_CASE("a_loader_may_go_before_its_batches_are_read") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 10);
  for (int i = 0; i < 20; ++i) Loader(rows, make_options(4));
}

TEST_CASE("captions_must_all_have_the_same_number_of_ids") {
  auto options = make_options();
  options.tokenize = [](const std::string& caption) {
    return std::vector<int32_t>(caption.size(), 7);
  };
  const TemporaryFolder folder;
  CHECK_THROWS_AS(Loader(make_rows(folder, 4, 4), options), DataError);
}

TEST_CASE("a_position_beyond_all_counting_is_refused") {
  const TemporaryFolder folder;
  const auto rows = make_rows(folder, 20, 10);
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (const Position position : {Position{most, 0}, Position{-1, 0}, Position{0, most}}) {
    CHECK_THROWS_AS(Loader(rows, make_options(), position), DataError);
  }
}

TEST_CASE("samples_drawn_several_times_are_changed_in_another_way_each_time") {
  const TemporaryFolder folder;
  auto rows = make_rows(folder, 2, 2);
  Image stripes{40, 30, {}};
  for (int i = 0; i < 3600; ++i) stripes.rgb.push_back(static_cast<uint8_t>(i * 7));
  for (const auto& row : rows) std::ofstream(row.image, std::ios::binary) << png_bytes(stripes);
  auto options = make_options(3);
  options.batch_size = 2;
  options.data.dataset_resampled = true;
  options.data.train_num_samples = 40;
  options.data.augment.scale = {0.1, 1.0};
  Loader loader(rows, options);
  CHECK(loader.batches_per_epoch() == 20);
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 20; ++i) {
    const Batch batch = loader.next();
    seen.insert(batch.pixels);
  }
  CHECK(seen.size() == 20);
  Loader resumed(rows, options, loader.position());
  for (int i = 0; i < 25; ++i) REQUIRE(same(loader.next(), resumed.next()));
}

TEST_CASE("captions_are_drawn_by_their_probabilities") {
  const TemporaryFolder folder;
  auto rows = make_rows(folder, 4, 4);
  for (auto& row : rows) row.probabilities = {3, 1};
  Loader loader(rows, make_options());
  int64_t second = 0;
  for (int i = 0; i < 500; ++i) {
    const Batch batch = loader.next();
    for (int slot = 0; slot < 4; ++slot) second += batch.tokens[slot * 6 + 1] % 10;
  }
  CHECK(std::abs(second - 500) <= 80);
}
