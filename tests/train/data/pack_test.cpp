#include "train/data/pack.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/data/loader.h"
#include "train/data/png.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::content_of;
using tandem::test::TemporaryFolder;

namespace {

// Ten pictures in seven groups, with two captions each, not equally likely.
Table make_table(const TemporaryFolder& folder) {
  std::string lines;
  for (int i = 0; i < 10; ++i) {
    const Image image{12, 9, std::vector<uint8_t>(324, static_cast<uint8_t>(20 * i))};
    folder.write(fmt::format("{}.png", i), png_bytes(image));
    lines += fmt::format(
        R"({{"image": "{0}.png", "captions": ["{0}0", "{0}1"], "probabilities": [0.1, 0.7],)"
        R"( "split": "{1}", "group": {2}, "label": "class {2}"}})"
        "\n",
        i, i == 9 ? "val" : "train", i % 7);
  }
  return read_table(folder.write("t.jsonl", lines));
}

LoaderOptions make_options(int64_t workers) {
  LoaderOptions options{.batch_size = 4, .image_size = 8, .seed = 11};
  options.data.workers = workers;
  options.data.augment.scale = {0.5, 1.0};
  options.tokenize = [](const std::string& caption) {
    return std::vector<int32_t>{1, std::stoi(caption), 2};
  };
  return options;
}

bool same(const Batch& a, const Batch& b) {
  return a.pixels == b.pixels && a.tokens == b.tokens && a.samples == b.samples;
}

}  // namespace

TEST_CASE("packed_shards_have_the_rows_of_the_table") {
  const TemporaryFolder folder;
  const Table table = make_table(folder);
  const PackSummary summary = pack_shards(table.rows, folder / "out/s", 4);
  CHECK(summary.table == (folder / "out/s-{000000..000002}.tar"));
  CHECK(summary.samples == 10);
  const Table shards = read_table(summary.table);
  REQUIRE(shards.rows.size() == 10);
  for (size_t i = 0; i < 10; ++i) {
    const TableRow &a = table.rows[i], &b = shards.rows[i];
    CHECK(a.captions == b.captions);
    CHECK(a.probabilities == b.probabilities);
    CHECK(a.split == b.split);
    CHECK(a.group == b.group);
    CHECK(a.label == b.label);
    CHECK(picture_bytes(a) == picture_bytes(b));
  }
}

TEST_CASE("packing_twice_gives_the_same_bytes") {
  const TemporaryFolder folder;
  const Table table = make_table(folder);
  pack_shards(table.rows, folder / "a", 6);
  pack_shards(read_table(folder / "a-{000000..000001}.tar").rows, folder / "b", 6);
  for (const char* end : {"-000000.tar", "-000001.tar"}) {
    CHECK(content_of((folder / "a") + end) == content_of((folder / "b") + end));
  }
}

TEST_CASE("training_from_shards_sees_the_batches_of_the_table") {
  const TemporaryFolder folder;
  const Table table = make_table(folder);
  const PackSummary summary = pack_shards(table.rows, folder / "s", 3);
  const auto rows = rows_of_split(table, "train");
  Loader a(rows, make_options(1));
  Loader b(rows_of_split(read_table(summary.table), "train"), make_options(3));
  for (int i = 0; i < 9; ++i) REQUIRE(same(a.next(), b.next()));
  Loader resumed(rows, make_options(2), b.position());
  for (int i = 0; i < 5; ++i) REQUIRE(same(b.next(), resumed.next()));
}

TEST_CASE("what_is_no_picture_is_not_packed") {
  const TemporaryFolder folder;
  Table table = make_table(folder);
  folder.write("3.png", "no picture at all");
  CHECK_THROWS_WITH_AS(pack_shards(table.rows, folder / "s", 10),
                       ((folder / "3.png") + ": not a PNG, JPEG or WebP picture.").c_str(),
                       DataError);
  CHECK_FALSE(std::filesystem::exists(folder / "s-000000.tar"));
  CHECK_FALSE(std::filesystem::exists(folder / "s-000000.tar.partial"));
}
