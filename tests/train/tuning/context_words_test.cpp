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
        adapted.encoder->texts(model_tokens(*adapted.tokenizer, "square", model, 2));
    REQUIRE(got.size() == expected.size());
    for (size_t i = 0; i < got.size(); ++i) CHECK(std::fabs(got[i] - expected[i]) <= 1e-6);
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
