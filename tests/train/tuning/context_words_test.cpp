// Contexts that start from words.
#include "train/tuning/context_words.h"

#include "core/error.h"
#include "tests/train/tuning/small_adapter.h"
#include "train/loaded_model.h"
#include "train/text/model_tokens.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

RunConfig coop_of(const test::SmallBase& small, const std::string& words,
                  std::vector<std::string> more = {}) {
  std::vector<std::string> settings{"train.loss=cross_entropy", "evaluate=[]", "train.lr=0"};
  settings.push_back("adapter.coop.words='" + words + "'");
  settings.insert(settings.end(), more.begin(), more.end());
  return small.config("coop", settings);
}

}  // namespace

TEST_CASE("a_text_behind_contexts_that_start_from_words_is_the_text_with_these_words") {
  const test::SmallBase small;
  for (const char* classes : {"adapter.coop.class_specific=false",
                              "adapter.coop.class_specific=true"}) {
    CAPTURE(classes);
    std::filesystem::remove_all(small.folder.path() / "coop");
    small.train(coop_of(small, "a red", {classes}), "coop");
    const auto device = open_device("cpu");
    LoadedModel base = load_model(small.folder / "base", *device);
    LoadedModel adapted = load_model(small.folder / "coop", *device);
    const auto words = static_cast<int64_t>(base.tokenizer->encode("a red").size());
    CHECK(adapted.config.adapter.coop.contexts == words);
    const ClipConfig& model = adapted.config.model;
    const int64_t T = model.text_cfg.context_length;
    const std::vector<float> expected =
        base.encoder->texts(encode_padded(*base.tokenizer, "a red square", T));
    const std::vector<float> got =
        adapted.encoder->texts(class_tokens(*adapted.tokenizer, "{}", "square", model, 2));
    REQUIRE(got.size() == expected.size());
    for (size_t i = 0; i < got.size(); ++i) CHECK(std::fabs(got[i] - expected[i]) <= 1e-6);
  }
}

TEST_CASE("what_follows_a_name_stands_behind_all_contexts") {
  const test::SmallBase small;
  const auto device = open_device("cpu");
  const LoadedModel base = load_model(small.folder / "base", *device);
  const Tokenizer& tokenizer = *base.tokenizer;
  ClipConfig model = base.config.model;
  model.text_cfg.context_length = 24;
  const auto first = static_cast<int32_t>(model.text_cfg.vocab_size);
  using Ids = std::vector<int32_t>;
  const Ids name = tokenizer.encode("red"), period = tokenizer.encode(".");
  const Ids one{first + 2}, two{first + 3};  // contexts of class 1
  const std::vector<Ids> orders[] = {
      {name, one, two, period}, {one, name, two, period}, {one, two, name, period}};
  for (int64_t before = 0; before < 3; ++before) {
    CAPTURE(before);
    Ids expected{tokenizer.start_id()};
    for (const Ids& part : orders[before]) {
      expected.insert(expected.end(), part.begin(), part.end());
    }
    expected.push_back(tokenizer.end_id());
    expected.resize(24, tokenizer.pad_id());
    model.adaptation.prompts = {.text = 2, .text_before = before, .classes = 3};
    CHECK(class_tokens(tokenizer, "{}.", "red", model, 1) == expected);
  }
}

TEST_CASE("words_without_tokens_or_without_room_are_refused") {
  const test::SmallBase small;
  CHECK_THROWS_WITH_AS(small.train(coop_of(small, " "), "empty"),
                       doctest::Contains("which the tokenizer makes nothing of"), ConfigError);
  CHECK_THROWS_WITH_AS(
      small.train(coop_of(small, "one two three four five six seven eight nine ten"), "long"),
      doctest::Contains("has room for 9"), ConfigError);
}

TEST_CASE("a_run_with_words_resumes_by_sgd_with_the_same_bits") {
  const test::SmallBase small;
  const RunConfig config =
      coop_of(small, "a red", {"train.lr=0.05", "train.optimizer=sgd", "train.warmup_epochs=1",
                               "train.lr_scheduler=cosine-epochs"});
  small.train(config, "whole");
  small.train(config, "parts");
  std::filesystem::remove(small.checkpoint("parts", 6));
  small.train(config, "parts", true);
  const Checkpoint whole = read_checkpoint(small.checkpoint("whole", 6));
  CHECK(whole == read_checkpoint(small.checkpoint("parts", 6)));
  REQUIRE(whole.optimizer.size() == 1);
  CHECK(whole.optimizer[0].name == "momentum/prompt.context");
  CHECK(whole.model != read_checkpoint(small.checkpoint("whole", 3)).model);
}
