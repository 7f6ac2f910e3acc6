#include "core/error.h"
#include "tests/train/contains.h"
#include "tests/train/temporary_folder.h"
#include "train/config/read.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::contains;
using tandem::test::TemporaryFolder;

namespace {

std::string error_of(const std::string& path, const std::vector<std::string>& overrides = {}) {
  try {
    read_run_config(path, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

const std::string small_model =
    "embed_dim: 8\nvision_cfg: {width: 64, image_size: 64, patch_size: 8}\n";

}  // namespace

TEST_CASE("extends_merges_maps_and_replaces_the_rest") {
  const TemporaryFolder folder;
  folder.write("base/one.yaml",
               "data: {table: t.csv, mean: [1, 2, 3]}\ntrain: {lr: 1, wd: 1}\n"
               "name: base\nevaluate: [{split: a}, {split: b}]");
  folder.write("two.yaml", "train: {wd: 2, warmup: 7}");
  const RunConfig config =
      read_run_config(folder.write("run.yaml",
                                   "extends: [base/one.yaml, two.yaml]\ndata: {mean: [4, 5, 6]}\n"
                                   "train: {warmup: 9}\nevaluate: [{split: c}]"));
  CHECK(config.name == "run");
  CHECK(config.data.table == "t.csv");
  CHECK(config.data.mean == std::array<double, 3>{4, 5, 6});
  CHECK(config.train.lr == 1);
  CHECK(config.train.wd == 2);
  CHECK(config.train.warmup == 9);
  REQUIRE(config.evaluate.size() == 1);
  CHECK(config.evaluate[0].name == "c");
}

TEST_CASE("an_error_in_an_extended_file_names_that_file") {
  const TemporaryFolder folder;
  folder.write("base.yaml", "train:\n  lrr: 1");
  CHECK(error_of(folder.write("a.yaml", "extends: base.yaml\ndata: {table: t}")) ==
        (folder / "base.yaml") + ":2: unknown key 'lrr' in train; did you mean 'lr'?");
}

TEST_CASE("circles_missing_files_and_floods_of_extends_are_refused") {
  const TemporaryFolder folder;
  folder.write("b.yaml", "extends: a.yaml");
  CHECK(contains(error_of(folder.write("a.yaml", "extends: b.yaml")), "leads back to itself"));
  CHECK(contains(error_of(folder.write("c.yaml", "\nextends: none.yaml")),
                 "c.yaml:2: extends 'none.yaml', but there is no file"));
  CHECK(contains(error_of(folder.write("d.yaml", "extends: {a: b}")), "takes a path"));
  CHECK(contains(error_of(folder / "none.yaml"), "there is no such file"));
  CHECK(contains(error_of(folder.path().string()), "this is a folder"));
  for (int i = 1; i < 20; ++i) {
    const std::string base = fmt::format("e{}.yaml", i - 1);
    folder.write(fmt::format("e{}.yaml", i), fmt::format("extends: [{}, {}]", base, base));
  }
  folder.write("e0.yaml", "");
  CHECK(contains(error_of(folder / "e19.yaml"), "more than 64 files"));
}

TEST_CASE("a_model_can_be_a_file_by_path_or_name") {
  const TemporaryFolder folder;
  folder.write("models/small.yaml", small_model);
  folder.write("other.yaml", "model: {embed_dim: 16}");
  const std::string data = "\ndata: {table: t}";
  CHECK(read_run_config(folder.write("a.yaml", "model: small" + data)).model.embed_dim == 8);
  CHECK(read_run_config(folder.write("papers/a.yaml", "model: small" + data)).model.embed_dim == 8);
  const std::string by_path = folder.write("b.yaml", "model: other.yaml" + data);
  CHECK(read_run_config(by_path).model.embed_dim == 16);
  CHECK(read_run_config(by_path, {"model=small"}).model.embed_dim == 8);
  const RunConfig changed =
      read_run_config(folder.write("c.yaml", "extends: a.yaml\nmodel: {embed_dim: 4}"));
  CHECK(changed.model.embed_dim == 4);
  CHECK(changed.model.vision_cfg.width == 64);
  CHECK(
      contains(error_of(folder.write("d.yaml", "model: smal" + data)), "there is no model 'smal'"));
  folder.write("e.yaml", "model: {embed_dim: 16}\nseed: 3");
  CHECK(
      contains(error_of(folder.write("f.yaml", "model: e.yaml" + data)), "'seed' beside 'model'"));
}

TEST_CASE("overrides_come_last_and_errors_name_them") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.yaml", "data: {table: t}\nevaluate: [{split: a}]");
  const RunConfig config = read_run_config(
      path, {"train.lr=1e-2", "train.lr=1e-3", "data.mean=[0, 0.5, 1]", "evaluate.0.split=b",
             "train={batch_size: 7}", "data.augment.flip=0.5"});
  CHECK(config.train.lr == TrainConfig{}.lr);  // the whole map was replaced
  CHECK(config.train.batch_size == 7);
  CHECK(config.data.mean[1] == 0.5);
  CHECK(config.data.augment.flip == 0.5);
  CHECK(config.evaluate[0].split == "b");
  CHECK(error_of(path, {"train.lr=fast"}) ==
        "--set train.lr=fast: train.lr is 'fast'; expected a number from 0 to 1000.");
  CHECK(error_of(path, {"train.lrr=1"}) ==
        "--set train.lrr=1: unknown key 'lrr' in train; did you mean 'lr'?");
  for (const char* bad : {"train.lr", "=3", "train..lr=3", "train.lr.=3", ".=1",
                          "train.lr=", "train.lr=[1", "evaluate.1.split=x", "evaluate.x=1",
                          "seed=*a", "data.table.x=1", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1"}) {
    CAPTURE(bad);
    CHECK(contains(error_of(path, {bad}), std::string("--set ") + bad));
  }
}

TEST_CASE("a_model_file_may_be_yaml_or_open_clips_json") {
  const TemporaryFolder folder;
  const std::string json =
      R"({"embed_dim": 32, "quick_gelu": true, "vision_cfg": {"image_size": 32, "layers": 2,
          "width": 64, "head_width": 32, "patch_size": 8}, "text_cfg": {"context_length": 16,
          "vocab_size": 512, "width": 48, "heads": 4, "layers": 2}})";
  const ClipConfig model = read_model_config(folder.write("m.json", json));
  CHECK(model.quick_gelu);
  CHECK(model.vision_cfg.head_width == 32);
  CHECK(parse_model_config(to_yaml(model), "text") == model);
  const ClipConfig below = read_model_config(folder.write(
      "n.json", "{\"model\": " + json + ", \"optimizer\": {\"lr\": 1}, \"losses\": []}"));
  CHECK(below == model);
  const std::string wrong = folder.write("w.json", R"({"vision_cfg": {"timm_model_name": "x"}})");
  CHECK_THROWS_WITH_AS(read_model_config(wrong),
                       doctest::Contains((wrong + ":1: vision_cfg.timm_model_name is 'x'; of timm's "
                                                  "towers Tandem has vit_base_patch32_")
                                             .c_str()),
                       ConfigError);
}
