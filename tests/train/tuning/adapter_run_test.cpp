#include "tests/devices.h"
#include "tests/train/tuning/small_adapter.h"
#include "train/loaded_model.h"
#include "train/report/metrics_log.h"
#include "train/tuning/base_model.h"
#include "train/tuning/deltas.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

// Features of some pictures and texts.
std::vector<float> features(LoadedModel& model) {
  std::vector<float> pixels(2 * 3 * 16 * 16);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 7) - 3;
  std::vector<float> all = model.encoder->images(pixels);
  const std::vector<int32_t> ids = encode_padded(*model.tokenizer, "a red square", 12);
  const std::vector<float> texts = model.encoder->texts(ids);
  all.insert(all.end(), texts.begin(), texts.end());
  return all;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  float largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= largest)) largest = std::fabs(a[i] - b[i]);
  }
  return largest;
}

const std::vector<std::string> strong{"train.lr=0.01", "train.warmup=0"};

}  // namespace

TEST_CASE("an_adapters_checkpoint_holds_the_adapter_alone_and_works_with_its_base") {
  const test::SmallBase small;
  small.train(small.config("lora", strong), "lora");
  const Checkpoint checkpoint = read_checkpoint(small.checkpoint("lora", 6));
  CHECK(checkpoint.model.size() == 2 * 2 * 3 * 2);
  for (const NamedTensor& tensor : checkpoint.model) {
    CHECK(tensor.name.find(".lora_") != std::string::npos);
  }
  for_each_test_device([&](Device& device) {
    LoadedModel base = load_model(small.folder / "base", device);
    LoadedModel adapted = load_model(small.folder / "lora", device);
    CHECK(largest_difference(features(base), features(adapted)) > 1e-3);
  });
}

TEST_CASE("a_merged_adapter_gives_the_features_of_the_unmerged") {
  const test::SmallBase small;
  struct Kind {
    const char* kind;
    std::vector<std::string> more;
  };
  for (const Kind& kind : {Kind{"lora", {"adapter.lora.targets='*'"}},
                           Kind{"lora", {"adapter.lora.dora=true"}}, Kind{"ia3", {}},
                           Kind{"bias", {}}}) {
    std::vector<std::string> settings = strong;
    settings.insert(settings.end(), kind.more.begin(), kind.more.end());
    const RunConfig config = small.config(kind.kind, settings);
    const std::string run = "run";
    std::filesystem::remove_all(small.folder.path() / run);
    small.train(config, run);
    const auto device = open_device("cpu");
    LoadedModel adapted = load_model(small.folder / run, *device);
    const Checkpoint adapter = read_checkpoint(small.checkpoint(run, 6));
    const BaseModel base = read_base(adapted.config);
    LoadedModel plain = load_model(small.folder / "base", *device);
    const std::vector<float> before = features(plain);
    for (const NamedTensor& tensor :
         merged(base.tensors, adapter.model, adapted.config.model.adaptation)) {
      plain.variables->set(tensor.name, tensor.values);
    }
    INFO(kind.kind);
    CHECK(largest_difference(features(adapted), features(plain)) <= 1e-5);
    CHECK(largest_difference(before, features(plain)) > 1e-4);
  }
}

TEST_CASE("a_resumed_adapter_continues_with_the_same_bits") {
  const test::SmallBase small;
  for (const char* kind : {"lora", "maple"}) {
    std::vector<std::string> settings{"adapter.lora.dropout=0.3", "adapter.maple.depth=2"};
    if (std::string_view(kind) == "maple") settings.push_back("train.loss=cross_entropy");
    const RunConfig whole = small.config(kind, settings);
    const std::string name = kind;
    small.train(whole, name);
    small.train(whole, name + "_parts");
    std::filesystem::remove(small.checkpoint(name + "_parts", 6));
    small.train(whole, name + "_parts", true);
    CHECK(read_checkpoint(small.checkpoint(name, 6)) ==
          read_checkpoint(small.checkpoint(name + "_parts", 6)));
  }
}

TEST_CASE("an_adapter_is_refused_on_another_base") {
  const test::SmallBase small;
  small.train(small.config("lora"), "lora");
  RunConfig other = test::small_config(small.folder);
  other.seed = 4;
  other.train.epochs = 1;
  small.train(other, "other");
  const auto device = open_device("cpu");
  try {
    load_model(small.folder / "lora", *device, small.folder / "other");
    FAIL("it was taken");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("the adapter was made for a base with") !=
          std::string::npos);
  }
  CHECK_THROWS_AS(load_model(small.folder / "lora", *device, small.folder / "none"), ConfigError);
  CHECK_THROWS_AS(load_model(small.folder / "lora", *device, small.folder / "lora"), ConfigError);
  RunConfig wider = small.config("lora");
  wider.model.embed_dim = 24;
  CHECK_THROWS_AS(read_base(wider), ConfigError);
}

TEST_CASE("every_kind_of_adapter_learns_classes") {
  const test::SmallBase small;
  for (const char* kind : {"none", "lora", "ia3", "bias", "layer_norm", "coop", "vpt", "maple"}) {
    const RunConfig config =
        small.config(kind, {"train.loss=cross_entropy", "train.lr=0.02", "train.warmup=0",
                            "train.epochs=4", "adapter.coop.contexts=2", "adapter.maple.depth=2",
                            "data.augment.scale=[1, 1]", "data.augment.flip=0"});
    small.train(config, kind);
    const std::vector<MetricsRecord> metrics =
        read_metrics(small.folder.path() / kind / "metrics.jsonl");
    double first = -1;
    double last = -1;
    for (const MetricsRecord& record : metrics) {
      if (record.kind != "train") continue;
      last = *record.find("loss");
      if (first < 0) first = last;
    }
    INFO(kind, ": ", first, " to ", last);
    CHECK(last < first);
  }
}
