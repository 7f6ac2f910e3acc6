// What few-shot training is watched on.
#include "tests/train/tuning/small_adapter.h"
#include "train/evaluate/evaluate.h"
#include "train/loaded_model.h"
#include "train/report/metrics_log.h"
#include "train/run_data.h"
#include "train/text/model_tokens.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

const std::vector<std::string> few{"train.loss=cross_entropy", "evaluate=[]", "train.lr=0.02",
                                   "train.warmup=0", "train.epochs=4", "train.batch_size=6",
                                   "data.few_shot.shots=2", "adapter.coop.contexts=2",
                                   "data.unique_groups=false", "evaluate_every_n_epochs=1"};

std::vector<MetricsRecord> validations(const test::SmallBase& small, const std::string& run) {
  std::vector<MetricsRecord> lines;
  for (MetricsRecord& record : read_metrics(small.folder.path() / run / "metrics.jsonl")) {
    if (record.kind == "eval" && record.name == "validation") lines.push_back(std::move(record));
  }
  return lines;
}

// The share of the run's validation pictures whose class's text is the nearest, by the run's last
// checkpoint.
double share_right(const test::SmallBase& small, RunConfig config, const std::string& run) {
  const auto device = open_device("cpu");
  LoadedModel model = load_model(small.folder / run, *device);
  const RunData data(config, nullptr);
  const auto set = open_rows(data.validation(), config.data, model.config.model, *model.tokenizer,
                             nullptr);
  const std::vector<float> pictures = encode_pictures(*set, *model.encoder);
  int right = 0;
  for (int64_t i = 0; i < set->pictures(); ++i) {
    std::string best;
    float most = -2;
    for (const char* name : {"red", "green", "blue", "dark", "light", "grey"}) {
      const auto text = model.encoder->texts(model_tokens(*model.tokenizer, name,
                                                          model.config.model));
      float cosine = 0;
      for (size_t e = 0; e < 16; ++e) cosine += text[e] * pictures[static_cast<size_t>(i) * 16 + e];
      if (cosine > most) most = cosine, best = name;
    }
    right += best == set->rows()[static_cast<size_t>(i)].label;
  }
  return right / static_cast<double>(set->pictures());
}

}  // namespace

TEST_CASE("few_shot_training_tells_the_accuracy_on_pictures_that_it_does_not_learn_from") {
  const test::SmallBase small;
  for (const char* kind : {"coop", "lora"}) {
    CAPTURE(kind);
    const RunConfig config = small.config(kind, few);
    small.train(config, kind);
    const std::vector<MetricsRecord> lines = validations(small, kind);
    REQUIRE(lines.size() == 4);
    CHECK(lines.back().step == 8);
    CHECK(*lines.back().find("acc1") == doctest::Approx(share_right(small, config, kind)));
    const std::string folder = small.folder / kind;
    const std::string told = "validation (6 pictures of 6 classes): acc1";
    CHECK(test::content_of(folder + "/log.txt").find(told) != std::string::npos);
    CHECK(test::content_of(folder + "/report.html").find("Accuracy, validation") !=
          std::string::npos);
  }
}

TEST_CASE("pictures_that_are_learnt_and_those_to_choose_on_are_apart") {
  const test::SmallBase small;
  RunConfig config = small.config("lora", few);
  const RunData data(config, nullptr);
  CHECK(data.rows().size() == 12);
  CHECK(data.validation().size() == 6);  // three pictures a class, of which two are learnt
  for (const TableRow& row : data.validation()) {
    for (const TableRow& learnt : data.rows()) CHECK(row.image != learnt.image);
  }
}

TEST_CASE("prompts_that_depend_on_the_picture_are_watched_too_and_the_best_is_kept") {
  const test::SmallBase small;
  std::vector<std::string> settings = few;
  settings.insert(settings.end(), {"train.keep_best=validation/acc1", "train.keep_last=1",
                                   "data.few_shot.val_split=test"});
  small.train(small.config("cocoop", settings), "cocoop");
  const std::vector<MetricsRecord> lines = validations(small, "cocoop");
  REQUIRE(lines.size() == 4);
  const MetricsRecord* best = &lines[0];
  for (const MetricsRecord& line : lines) {
    if (*line.find("acc1") > *best->find("acc1")) best = &line;
  }
  CHECK(std::filesystem::exists(small.checkpoint("cocoop", best->step)));
}
