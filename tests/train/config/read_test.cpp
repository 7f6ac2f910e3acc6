#include "tests/train/contains.h"
#include "train/config/read.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using tandem::test::contains;
using tandem::test::TemporaryFolder;

namespace {

// The error of reading a text as a file a.yaml, without its folder; "" if there is none.
std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const TemporaryFolder folder;
  try {
    read_run_config(folder.write("a.yaml", text), overrides);
  } catch (const ConfigError& error) {
    std::string message = error.what();
    const std::string prefix = folder.path().string() + "/";
    for (size_t at; (at = message.find(prefix)) != std::string::npos;) {
      message.erase(at, prefix.size());
    }
    return message;
  }
  return "";
}

// A config that is right, for changes to be made to.
const std::string good = "data: {table: t.jsonl}\n";

}  // namespace

TEST_CASE("a_slip_in_a_key_is_answered_with_file_line_and_nearest_key") {
  CHECK(error_of("data:\n  table: t.jsonl\ntrain:\n  warmpu: 5\n") ==
        "a.yaml:4: unknown key 'warmpu' in train; did you mean 'warmup'?");
  CHECK(error_of(good + "trian: {}\n") == "a.yaml:2: unknown key 'trian'; did you mean 'train'?");
  CHECK(error_of(good + "model:\n  vision_cfg:\n    pach_size: 3") ==
        "a.yaml:4: unknown key 'pach_size' in model.vision_cfg; did you mean 'patch_size'?");
}

TEST_CASE("an_evaluations_table_has_a_format_of_its_own") {
  const std::string own = good + "evaluate: [{split: a, table: b.csv, format: {separator: ;}}]\n";
  CHECK(error_of(own) == "");
  CHECK(error_of(good + "evaluate: [{split: a, format: {separator: ab}}]\n") ==
        "a.yaml:2: evaluate.0.format.separator is 'ab'; expected one character, not a quote or a "
        "line end.");
  CHECK(contains(error_of(good + "evaluate: [{split: a, format: {img_ke: x}}]\n"),
                 "unknown key 'img_ke' in evaluate.0.format; did you mean 'img_key'?"));
}

TEST_CASE("a_key_in_the_wrong_section_is_answered_with_the_right_one") {
  CHECK(error_of(good + "batch_size: 5\n") ==
        "a.yaml:2: unknown key 'batch_size'; did you mean 'train.batch_size'?");
}

TEST_CASE("a_key_near_to_nothing_is_answered_with_the_keys_there_are") {
  CHECK(contains(error_of(good + "zzzzzz: 5\n"), "unknown key 'zzzzzz'; the keys are name, model"));
}

TEST_CASE("wrong_types_and_impossible_values_are_refused") {
  const auto train = [](const std::string& line) { return error_of(good + "train:\n  " + line); };
  CHECK(train("lr: fast") == "a.yaml:3: train.lr is 'fast'; expected a number from 0 to 1000.");
  CHECK(train("lr: [1]") == "a.yaml:3: train.lr is a list of 1; expected a number from 0 to 1000.");
  CHECK(train("beta2: 1.0") ==
        "a.yaml:3: train.beta2 is '1.0'; expected a number at least 0 and below 1.");
  CHECK(train("loss: clipp") ==
        "a.yaml:3: train.loss is 'clipp'; expected one of clip, siglip, cross_entropy.");
  for (const char* line :
       {"batch_size: 0", "batch_size: 1.5", "batch_size: 1e3", "batch_size: '8'",
        "batch_size:", "batch_size: 99999999999999999999", "accum_freq: 0", "accum_freq: -2",
        "accum_freq: 1.5", "lr: .inf", "lr: nan", "lr: 1e999",
        "lr: 0x10", "grad_checkpointing: yes", "loss: {a: 1}", "lr: +-1"}) {
    CAPTURE(line);
    CHECK(contains(train(line), "a.yaml:3: train."));
  }
  CHECK(contains(error_of(good + "precision: fp8"), "expected one of fp32, bf16, fp16."));
  CHECK(contains(error_of(good + "seed: -1"), "from 0"));
  CHECK(contains(error_of(good + "train: 3"), "expected a map"));
  CHECK(contains(error_of(good + "evaluate: {split: a}"), "expected a list of maps"));
  CHECK(contains(error_of(good + "evaluate: [test]"), "evaluate.0 is 'test'"));
  CHECK(contains(error_of("data: {table: t, mean: [0.5, 0.5]}"), "expected a list of 3 numbers"));
}

TEST_CASE("values_that_do_not_fit_together_are_refused") {
  const auto model = [](const std::string& text) { return error_of(good + "model:\n  " + text); };
  CHECK(model("vision_cfg: {patch_size: 30}") ==
        "a.yaml:3: model.vision_cfg.patch_size is 30, which does not divide "
        "model.vision_cfg.image_size 224; choose one that does.");
  CHECK(contains(model("vision_cfg: {head_width: 100}"), "does not divide"));
  CHECK(contains(model("text_cfg: {heads: 7}"), "does not divide"));
  CHECK(contains(model("text_cfg: {vocab_size: 1000}"), "data.tokenizer.vocab_size is 4096"));
  CHECK(contains(error_of("train: {epochs: 3}"), "data.table is not set"));
  CHECK(contains(error_of("data: {table: t, tokenizer: {kind: file}}"), "file is not set"));
  const auto data = [](const std::string& keys) { return error_of("data: {" + keys + "}"); };
  CHECK(contains(data("table: t, sources: [{table: u}]"), "both set"));
  CHECK(contains(data("sources: [{split: u}]"), "data.sources.0.table is not set"));
  CHECK(contains(data("sources: [{table: u, weight: 2}]"), "set data.dataset_resampled: true"));
  CHECK(contains(data("table: t, train_num_samples: 9"), "set data.dataset_resampled: true"));
  CHECK(contains(data("table: t, shuffle_buffer: 9, dataset_resampled: true"), "no meaning"));
  CHECK(contains(data("table: t, separator: ';;'"), "data.separator is ';;'"));
  CHECK(contains(data("table: t, class_template: a photo"), "it needs {} where"));
  CHECK(contains(data("table: t, captions: [{probability: 1}]"), "captions.0.key is not set"));
  CHECK(contains(data("table: t, caption_key: a, captions: [{key: b}]"), "both set"));
  CHECK(contains(error_of("data: {sources: [{table: t}]}\nevaluate: [{split: a}]"),
                 "with data.sources there is no other"));
  CHECK(
      contains(error_of("data: {table: t, augment: {scale: [1, 0.5]}}"), "must not be the larger"));
  CHECK(contains(error_of(good + "train: {lr_scheduler: const-cooldown}"), "epochs_cooldown is 0"));
  CHECK(contains(error_of(good + "train: {loss: siglip, label_smoothing: 0.1}"), "no meaning"));
  CHECK(contains(error_of(good + "train: {batch_size: 1024, accum_freq: 1025}"),
                 "steps of 1049600 pairs; at most 1048576"));
  CHECK(contains(error_of(good + "name: ../../etc"), "name is '../../etc'"));
  CHECK(contains(error_of(good + "evaluate: [{split: a}, {split: a}]"), "evaluate.1.name is 'a'"));
  CHECK(contains(error_of(good + "evaluate: [{name: a}]"), "evaluate.0.split is not set"));
}

TEST_CASE("a_value_that_nothing_reads_is_refused_with_what_would_read_it") {
  CHECK(error_of("data: {table: t, tokenizer: {file: t.json}}") ==
        "a.yaml:1: data.tokenizer.file is t.json, but only data.tokenizer.kind: file reads it; set "
        "that, or leave it out.");
  const auto idle = [](const std::string& keys) { return contains(error_of(keys), "reads it"); };
  const auto train = [&](const std::string& keys) { return idle(good + "train: {" + keys + "}"); };
  for (const char* keys : {"epochs_cooldown: 2", "lr_cooldown_end: 1e-6", "lr_cooldown_power: 2",
                           "warmup_lr: 1e-6", "lock_image_unlocked_groups: 1", "momentum: 0.8",
                           "lock_text_unlocked_layers: 1", "optimizer: sgd, beta1: 0.8",
                           "optimizer: sgd, beta2: 0.9", "optimizer: sgd, eps: 1e-7",
                           "grad_scaler: {init_scale: 2}"}) {
    CAPTURE(keys);
    CHECK(train(keys));
  }
  CHECK_FALSE(train("momentum: 0.9, lr_cooldown_end: 0"));  // the defaults
  CHECK_FALSE(train("optimizer: sgd, momentum: 0.8, lock_image: true, "
                    "lock_image_unlocked_groups: 1, warmup_epochs: 1, warmup_lr: 1e-6"));
  CHECK_FALSE(idle(good + "precision: fp16\ntrain: {grad_scaler: {init_scale: 2}}"));
  const std::string adapter = good + "adapter: {base: b, lora: {rank: 4}, kind: ";
  CHECK_FALSE(idle(adapter + "lora}"));
  CHECK(idle(adapter + "ia3}"));
  const std::string probe = "adapter: {kind: linear_probe}\ndata: {features: f}\ntrain: {optimizer: ";
  CHECK_FALSE(idle(probe + "sgd}"));  // its recipe's eps is not given
}

TEST_CASE("a_tables_format_that_its_kind_does_not_read_is_refused") {
  const auto idle = [](const std::string& data, const std::string& evaluate) {
    return contains(error_of("data: {" + data + "}\nevaluate: [" + evaluate + "]"), "reads it");
  };
  CHECK(idle("table: t.jsonl, separator: ;", "{split: a}"));
  CHECK(idle("table: t.jsonl, class_names: n", "{split: a}"));
  CHECK_FALSE(idle("table: t.jsonl, separator: ;", "{split: a, table: t.csv}"));
  CHECK(idle("table: t.jsonl", "{split: a, format: {separator: ;}}"));
  CHECK(idle("sources: [{table: a.jsonl, format: {separator: ;}}]", ""));
  CHECK_FALSE(idle("sources: [{table: a.csv}, {table: b.jsonl}], separator: ;", ""));
  CHECK_FALSE(idle("table: pictures, class_names: n", "{split: a}"));
}

TEST_CASE("a_value_of_a_config_that_is_extended_or_left_idle_by_an_override_is_allowed") {
  const TemporaryFolder folder;
  folder.write("base.yaml", good + "adapter: {kind: lora, base: b, lora: {rank: 4}}\n");
  const auto own = folder.write("a.yaml", "extends: base.yaml\nadapter: {kind: ia3}\n");
  CHECK(read_run_config(own).adapter.kind == "ia3");
  const std::string lora = good + "adapter: {kind: lora, base: b, lora: {rank: 4}}\n";
  CHECK(error_of(lora, {"adapter.kind=ia3"}).empty());
  CHECK(error_of(lora, {"adapter.ia3.targets=x"}).starts_with("--set adapter.ia3.targets=x: "));
}

TEST_CASE("a_stored_config_may_have_values_that_nothing_reads") {
  const RunConfig stored = parse_run_config(good + "train: {momentum: 0.8}", "stored");
  CHECK(stored.train.momentum == 0.8);
  CHECK(error_of(to_yaml(stored)).empty());
}

TEST_CASE("an_adapter_on_features_needs_features_or_what_makes_them") {
  const std::string kind = "adapter: {kind: tip_adapter";
  CHECK(error_of(kind + "}\ndata: {features: f.h5}").empty());
  CHECK(error_of(kind + ", base: runs/a}\ndata: {table: t}").empty());
  CHECK(contains(error_of(kind + "}\ndata: {table: t}"), "give one of the two"));
  CHECK(contains(error_of(kind + ", base: a}\ndata: {features: f}"), "give one of the two"));
  CHECK(contains(error_of(kind + "}\ndata: {features: f, table: t}"), "keep one of them"));
  CHECK(contains(error_of("data: {features: f}"), "adapter.base is not set"));
  CHECK(contains(error_of(kind + "}\ndata: {features: f}\ntrain: {accum_freq: 2}"),
                 "no use for train.accum_freq"));
  CHECK(contains(error_of(good + "adapter: {kind: tip}"), "expected one of none, zero_shot"));
}

TEST_CASE("siglip_sets_what_its_paper_sets_unless_told_otherwise") {
  const TemporaryFolder folder;
  const RunConfig plain =
      read_run_config(folder.write("a.yaml", good + "train: {loss: siglip}"), {});
  CHECK(plain.model.init_logit_bias == -10.0);
  CHECK(plain.model.init_logit_scale == std::log(10.0));
  const RunConfig told = read_run_config(
      folder.write("b.yaml", good + "train: {loss: siglip}\n"
                                    "model: {init_logit_bias: -5, init_logit_scale: 1}"),
      {});
  CHECK(told.model.init_logit_bias == -5.0);
  CHECK(told.model.init_logit_scale == 1.0);
}

TEST_CASE("a_config_written_out_is_read_back_equal") {
  RunConfig config;
  config.name = "a-run";
  config.model.init_logit_bias = -10.125;
  config.data.table = "a path: with 'odd' \"signs\" # and \xC3\xBC.jsonl";
  config.data.split = "null";
  config.data.augment.scale = {0.1, 1.0 / 3};
  config.train.lr = 1e-300;
  config.train.grad_checkpointing = true;
  config.evaluate = {{"a", "", "test"}, {"b", "-x", "y:"}};
  config.seed = ~uint64_t{0};
  const std::string text = to_yaml(config);
  CAPTURE(text);
  CHECK(parse_run_config(text, "text") == config);
}

TEST_CASE("a_stored_config_can_not_reach_for_other_files") {
  CHECK_THROWS_AS(parse_run_config(good + "extends: /etc/passwd", "stored"), ConfigError);
  CHECK_THROWS_AS(parse_run_config(good + "model: ViT-B-32", "stored"), ConfigError);
}
