// Runs whose captions a SentencePiece model reads, by a text tower like SigLIP's.
#include "tests/folders.h"
#include "tests/train/small_run.h"
#include "train/checkpoint/checkpoint.h"
#include "train/features/embed.h"
#include "train/features/feature_set.h"
#include "train/text/make_tokenizer.h"
#include "train/trainer.h"
#include "train/weights/model_weights.h"
#include "train/weights/write.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

const std::filesystem::path pieces =
    test::source_folder() / "tests/fixtures/text/pieces.model";

// SigLIP's loss and text tower; as many rows of the token table as there are pieces.
RunConfig siglip_config(const test::TemporaryFolder& folder) {
  RunConfig config = test::small_config(folder);
  config.data.tokenizer = {.kind = "file", .file = pieces.string()};
  config.model.text_cfg.vocab_size = read_tokenizer(pieces)->vocab_size();
  config.model.text_cfg.pool_type = "last";
  config.model.text_cfg.no_causal_mask = true;
  config.model.init_logit_bias = -10;
  config.train.loss = "siglip";
  return config;
}

std::string last_step(const test::TemporaryFolder& folder, const std::string& run) {
  return folder / (run + "/checkpoints/step_00000012.h5");
}

std::vector<int32_t> ids_of(const Tokenizer& tokenizer) {
  return encode_padded(tokenizer, "a red square", 12);
}

}  // namespace

TEST_CASE("a_run_with_sentence_pieces_keeps_them_in_its_checkpoint_and_resumes_with_the_same_bits") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  const RunConfig config = siglip_config(folder);
  Trainer(config, {.run = folder / "whole"}).run();
  Trainer(config, {.run = folder / "parts"}).run();
  std::filesystem::remove(last_step(folder, "parts"));
  Trainer(config, {.run = folder / "parts", .resume = true}).run();
  CHECK(read_checkpoint(last_step(folder, "whole")) == read_checkpoint(last_step(folder, "parts")));

  const auto device = open_device("cpu");
  LoadedModel model = load_model(folder / "whole", *device);
  CHECK(ids_of(*model.tokenizer) == ids_of(*read_tokenizer(pieces)));
  CHECK(model.config.model.text_cfg.pool_type == "last");
  embed({.splits = {"test"}}, model, folder / "features.h5");
  const FeatureSet set = read_feature_set(folder / "features.h5");
  std::vector<float> first;
  set.texts->read(std::vector<int64_t>{0}, first);
  const std::vector<int32_t> ids = encode_padded(*model.tokenizer, "a red square 18", 12);
  const std::vector<float> expected = model.encoder->texts(ids);
  for (size_t e = 0; e < first.size(); ++e) CHECK(std::fabs(first[e] - expected[e]) <= 1e-6);
}

TEST_CASE("an_end_token_that_is_not_the_largest_id_needs_pooling_at_the_last") {
  TextConfig text{.vocab_size = 4096};
  CHECK_THROWS_WITH_AS(read_tokenizer_for(text, pieces.string()),
                       doctest::Contains("set model.text_cfg.pool_type: last"), ConfigError);
  text.pool_type = "last";
  CHECK(ids_of(*read_tokenizer_for(text, pieces.string())) == ids_of(*read_tokenizer(pieces)));
  text.vocab_size = 20;
  CHECK_THROWS_WITH_AS(read_tokenizer_for(text, pieces.string()),
                       doctest::Contains("but model.text_cfg.vocab_size is 20"), ConfigError);
}

TEST_CASE("converted_weights_take_sentence_pieces_along") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = siglip_config(folder);
  config.train.steps = 1;
  Trainer(config, {.run = folder / "run"}).run();
  const std::string checkpoint = folder / "run/checkpoints/step_00000001.h5";
  write_model_weights(folder / "x.safetensors", read_model_weights(checkpoint), Layout::open_clip);
  ModelWeights weights = read_model_weights(folder / "x.safetensors");
  CHECK(weights.model == config.model);
  weights.tokenizer =
      read_tokenizer_for(weights.model.text_cfg, pieces.string())->serialize();
  write_model_weights(folder / "y.h5", weights, Layout::open_clip);
  const auto device = open_device("cpu");
  LoadedModel before = load_model(folder / "run", *device);
  LoadedModel after = load_model(folder / "y.h5", *device);
  const std::vector<int32_t> ids = ids_of(*after.tokenizer);
  CHECK(ids == ids_of(*before.tokenizer));
  CHECK(after.encoder->texts(ids) == before.encoder->texts(ids));
}
