// Every kind of table, drawn in every way, goes on from any batch as if it had not stopped.
#include "tests/train/data/tar_files.h"
#include "tests/train/temporary_folder.h"
#include "train/data/loader.h"
#include "train/data/png.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tandem;
using namespace tandem::test;

namespace {

constexpr int kPictures = 11;

std::string picture(int i) {
  return png_bytes({6, 5, std::vector<uint8_t>(90, static_cast<uint8_t>(20 * i))});
}

std::string write_jsonl(const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < kPictures; ++i) {
    folder.write(fmt::format("{}.png", i), picture(i));
    text += fmt::format("{{\"image\": \"{0}.png\", \"captions\": [\"{0}\", \"7{0}\"]}}\n", i);
  }
  return folder.write("t.jsonl", text);
}

std::string write_csv(const TemporaryFolder& folder) {
  write_jsonl(folder);
  std::string text = "image,caption\n";
  for (int i = 0; i < kPictures; ++i) text += fmt::format("{0}.png,{0}\n", i);
  return folder.write("t.csv", text);
}

// Two shards; returns their range.
std::string write_shards(const TemporaryFolder& folder) {
  std::string shards[2];
  for (int i = 0; i < kPictures; ++i) {
    shards[i % 2] += tar_entry(fmt::format("{}.png", i), picture(i)) +
                     tar_entry(fmt::format("{}.txt", i), fmt::format("{}", i));
  }
  for (int i : {0, 1}) folder.write(fmt::format("s-{}.tar", i), shards[i] + tar_close());
  return folder / "s-{0..1}.tar";
}

std::string write_class_folders(const TemporaryFolder& folder) {
  for (int i = 0; i < kPictures; ++i) {
    folder.write(fmt::format("classes/{}/{}.png", i % 3, i), picture(i));
  }
  return folder / "classes";
}

std::string write_coco(const TemporaryFolder& folder) {
  write_jsonl(folder);
  std::string images, captions;
  for (int i = 0; i < kPictures; ++i) {
    const char* comma = i == 0 ? "" : ",";
    images += fmt::format("{}{{\"id\":{},\"file_name\":\"{}.png\"}}", comma, i, i);
    captions += fmt::format("{}{{\"image_id\":{},\"caption\":\"{}\"}}", comma, i, i);
  }
  return folder.write("c.json",
                      fmt::format("{{\"images\":[{}],\"annotations\":[{}]}}", images, captions));
}

std::string write_idx(const TemporaryFolder& folder) {
  std::string pictures("\0\0\x8\x3\0\0\0\xb\0\0\0\2\0\0\0\2", 16);
  std::string labels("\0\0\x8\1\0\0\0\xb", 8);
  for (int i = 0; i < kPictures; ++i) {
    pictures += std::string(4, static_cast<char>(10 * i));
    labels += static_cast<char>(i % 4);
  }
  folder.write("x-labels-idx1-ubyte", labels);
  return folder.write("x-images-idx3-ubyte", pictures);
}

LoaderOptions options_of(const DataConfig& data) {
  LoaderOptions options;
  options.data = data;
  options.data.augment.scale = {0.5, 1.0};
  options.data.unique_groups = false;
  options.batch_size = 2;
  options.image_size = 4;
  options.seed = 9;
  options.tokenize = [](const std::string& caption) {
    return std::vector<int32_t>{1, std::stoi(caption), 2, 0};
  };
  return options;
}

// Resumes before each of the first batches and compares the five that follow.
void check_resuming(const DataConfig& data) {
  const LoaderOptions options = options_of(data);
  constexpr int resumed_from = 8, compared = 5;  // an epoch has at most 6 batches
  Loader whole(training_rows(data), options);
  std::vector<Batch> batches(resumed_from + compared);
  std::vector<Position> positions;
  for (Batch& batch : batches) {
    positions.push_back(whole.position());
    whole.next(batch);
  }
  for (int from = 0; from < resumed_from; ++from) {
    Loader resumed(training_rows(data), options, positions[from]);
    for (int i = from; i < from + compared; ++i) {
      const Batch batch = resumed.next();
      CAPTURE(from);
      CAPTURE(i);
      REQUIRE(batch.samples == batches[i].samples);
      REQUIRE(batch.pixels == batches[i].pixels);
      REQUIRE(batch.tokens == batches[i].tokens);
    }
  }
}

}  // namespace

TEST_CASE("every_kind_of_table_resumes_at_any_batch_with_the_same_bits") {
  using Write = std::string (*)(const TemporaryFolder&);
  for (const Write write :
       {write_jsonl, write_csv, write_shards, write_class_folders, write_coco, write_idx}) {
    const TemporaryFolder folder;
    DataConfig data;
    data.table = write(folder);
    CAPTURE(data.table);
    check_resuming(data);
    data.dataset_resampled = true;
    data.train_num_samples = 7;
    check_resuming(data);
  }
}

TEST_CASE("a_shuffle_buffer_and_several_sources_resume_at_any_batch_with_the_same_bits") {
  const TemporaryFolder folder;
  DataConfig data;
  data.table = write_shards(folder);
  data.shuffle_buffer = 3;
  check_resuming(data);
  DataConfig several;
  several.dataset_resampled = true;
  several.sources = {{.table = data.table, .weight = 3},
                     {.table = write_jsonl(folder)},
                     {.table = write_idx(folder), .format = {.class_template = "5{}"}}};
  check_resuming(several);
}
