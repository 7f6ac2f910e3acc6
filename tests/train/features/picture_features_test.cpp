#include "train/features/picture_features.h"

#include "tests/devices.h"
#include "tests/train/tuning/small_adapter.h"
#include "train/features/embed.h"
#include "train/features/feature_writer.h"
#include "train/report/metrics_log.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> locked{"train.lock_image=true", "data.augment.scale=[1, 1]",
                                      "data.augment.flip=0", "train.lr=0.01"};

// A base, and the features of its pictures.
struct SmallFeatures : test::SmallBase {
  SmallFeatures() {
    const auto device = open_device("cpu");
    LoadedModel model = load_model(folder / "base", *device);
    embed({}, model, folder / "features.h5");
  }

  RunConfig on_pictures() const { return config("none", locked); }

  RunConfig on_features(std::vector<std::string> more = {}) const {
    std::vector<std::string> settings = locked;
    settings.insert(settings.end(), {"data.table=''", "data.features=" + (folder / "features.h5")});
    settings.insert(settings.end(), more.begin(), more.end());
    return config("none", settings);
  }

  // Values of a name, line by line, of those lines that have it.
  std::vector<double> metrics(const std::string& run, const char* name) const {
    std::vector<double> values;
    for (const MetricsRecord& line : read_metrics(folder.path() / run / "metrics.jsonl")) {
      if (const auto value = line.find(name)) values.push_back(*value);
    }
    return values;
  }

  void remove_pictures() const {
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      if (entry.path().extension() == ".png") fs::remove(entry.path());
    }
  }
};

std::map<std::string, std::vector<float>> by_name(const Checkpoint& checkpoint) {
  std::map<std::string, std::vector<float>> values;
  for (const NamedTensor& tensor : checkpoint.model) values[tensor.name] = tensor.values;
  return values;
}

}  // namespace

TEST_CASE("a_run_on_features_learns_what_one_on_the_pictures_learns") {
  const SmallFeatures small;
  small.train(small.on_pictures(), "pictures");
  small.remove_pictures();
  small.train(small.on_features(), "features");
  const std::vector<double> losses = small.metrics("pictures", "loss");
  REQUIRE(losses.size() == 6);
  for (size_t i = 0; i < losses.size(); ++i) {
    CHECK(std::fabs(losses[i] - small.metrics("features", "loss").at(i)) <= 1e-4);
  }
  for (const char* rank : {"image_to_text_mean_rank", "text_to_image_mean_rank"}) {
    REQUIRE(small.metrics("pictures", rank).size() == 1);
    CHECK(small.metrics("pictures", rank) == small.metrics("features", rank));
  }
  const auto expected = by_name(read_checkpoint(small.checkpoint("pictures", 6)));
  for (const auto& [name, values] : by_name(read_checkpoint(small.checkpoint("features", 6)))) {
    for (size_t i = 0; i < values.size(); ++i) {
      INFO(name, " ", i);
      REQUIRE(std::fabs(values[i] - expected.at(name)[i]) <= 1e-3);
    }
  }
}

TEST_CASE("a_run_on_features_has_nothing_of_the_image_tower") {
  const SmallFeatures small;
  const RunConfig config = small.on_features();
  small.train(config, "features");
  const Checkpoint checkpoint = read_checkpoint(small.checkpoint("features", 6));
  CHECK_FALSE(checkpoint.model.empty());
  for (const auto* tensors : {&checkpoint.model, &checkpoint.optimizer}) {
    for (const NamedTensor& tensor : *tensors) {
      CHECK(tensor.name.find("visual") == std::string::npos);
    }
  }
  const auto device = open_device("cpu");
  LoadedModel base = load_model(small.folder / "base", *device);
  LoadedModel trained = load_model(small.folder / "features", *device);
  const std::vector<float> pixels(3 * 16 * 16, 0.5f);
  CHECK(base.encoder->images(pixels) == trained.encoder->images(pixels));
  const std::vector<int32_t> ids = encode_padded(*base.tokenizer, "a red square", 12);
  CHECK(base.encoder->texts(ids) != trained.encoder->texts(ids));
}

TEST_CASE("a_run_on_features_resumes_with_the_same_bits") {
  const SmallFeatures small;
  const RunConfig config = small.on_features({"train.checkpoint_every='1'", "train.keep_last=9"});
  small.train(config, "whole");
  const Checkpoint whole = read_checkpoint(small.checkpoint("whole", 6));
  for (const int64_t stop : {2, 4}) {  // in the middle of an epoch of three
    const std::string run = fmt::format("from_{}", stop);
    fs::copy(small.folder.path() / "whole", small.folder.path() / run, fs::copy_options::recursive);
    for (int64_t step = stop + 1; step <= 6; ++step) fs::remove(small.checkpoint(run, step));
    small.train(config, run, true);
    CHECK(read_checkpoint(small.checkpoint(run, 6)) == whole);
  }
}

TEST_CASE("a_tables_captions_are_joined_with_the_features_of_their_pictures") {
  const SmallFeatures small;
  const RunConfig own = small.on_features();
  const RunConfig joined = small.on_features({"data.table=" + (small.folder / "pictures.jsonl")});
  small.remove_pictures();
  small.train(own, "own");
  small.train(joined, "joined");
  CHECK(by_name(read_checkpoint(small.checkpoint("own", 6))) ==
        by_name(read_checkpoint(small.checkpoint("joined", 6))));
  std::ofstream(small.folder / "pictures.jsonl", std::ios::app)
      << R"({"image":"new.png","caption":"new"})" << "\n";
  CHECK_THROWS_WITH_AS(small.train(joined, "more"), doctest::Contains("has no features of"),
                       ConfigError);
}

TEST_CASE("classes_and_contexts_are_learnt_on_features") {
  const SmallFeatures small;
  const std::vector<std::string> classes{"train.loss=cross_entropy", "evaluate=[]",
                                         "data.split=all", "train.epochs=8"};
  for (const char* kind : {"none", "coop", "cocoop"}) {
    RunConfig config = small.on_features(classes);
    std::vector<std::string> more = classes;
    more.insert(more.end(), {"data.table=''", "data.features=" + (small.folder / "features.h5"),
                             "adapter.coop.contexts=2", "train.lr=0.02"});
    if (std::string_view(kind) != "none") config = small.config(kind, more);
    small.train(config, kind);
    const std::vector<double> losses = small.metrics(kind, "loss");
    CAPTURE(kind);
    REQUIRE(losses.size() == 32);
    CHECK(losses.back() < losses.front());
  }
}

TEST_CASE("features_by_another_tower_or_of_other_pixels_are_refused") {
  const SmallFeatures small;
  RunConfig other = test::small_config(small.folder);
  other.seed = 4;
  other.train.epochs = 1;
  small.train(other, "other");
  const auto refused = [&](const std::vector<std::string>& more, const char* why) {
    CHECK_THROWS_WITH_AS(small.train(small.on_features(more), "refused"), doctest::Contains(why),
                         ConfigError);
  };
  refused({"adapter.base=" + (small.folder / "other")}, "is by the image tower of");
  refused({"data.mean=[0.5, 0.5, 0.5]"}, "its pictures were prepared as");
  refused({"data.features=" + (small.folder / "none.h5")}, "where there is no file");
  refused({"model.embed_dim=24"}, "has features of width 16, but model.embed_dim is 24");
  FeatureWriter file(small.folder / "foreign.h5");
  file.begin_rows("image_features", 1, 16);
  file.append(std::vector<float>(16, 1.0f));
  file.finish();
  refused({"data.features=" + (small.folder / "foreign.h5")}, "has no captions");
  refused({"data.split=none"}, "there is no split 'none'");
}

TEST_CASE("only_what_lies_behind_the_image_tower_is_trained_on_features") {
  const SmallFeatures small;
  const auto refused = [&](const std::vector<std::string>& more, const char* why) {
    CHECK_THROWS_WITH_AS(small.on_features(more), doctest::Contains(why), ConfigError);
  };
  refused({"train.lock_image=false"}, "set train.lock_image: true");
  refused({"train.lock_image_unlocked_groups=1"}, "stands in for the whole image tower");
  refused({"adapter.kind=vpt"}, "into which vpt reaches");
  refused({"adapter.base=''"}, "adapter.base is not set");
}
