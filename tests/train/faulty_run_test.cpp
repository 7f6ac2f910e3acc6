// Runs on a disk that fails.
#include "tests/train/checkpoint/faulty_calls.h"
#include "tests/train/small_run.h"

#include "core/error.h"
#include "core/philox.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/checkpoint/hdf5.h"
#include "train/checkpoint_keeper.h"
#include "train/report/metrics_log.h"
#include "train/trainer.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::all_faults;
using tandem::test::Fault;
using tandem::test::FaultyCalls;

namespace {

// From the first checkpoint of a run to the last, one of the calls after each opening of one goes
// wrong.
class FailingDisk final : public FaultyCalls {
 public:
  explicit FailingDisk(uint64_t seed) : random_(seed, 0, 0, RandomUse::test) {}

 private:
  void on_open(std::string_view path) override {
    last_ = last_ || path.ends_with("step_00000012.h5.tmp");
    if (last_) return disarm();
    if (!path.ends_with(".h5.tmp") && !path.ends_with(".h5")) return;
    arm(all_faults[random_.below(all_faults.size())], 1 + static_cast<int>(random_.below(20)));
  }

  Random random_;
  bool last_ = false;
};

struct Result {
  std::vector<double> losses;
  Checkpoint last;
};

Result train(const test::TemporaryFolder& folder, const RunConfig& config, const char* run) {
  Trainer(config, {.run = folder / run}).run();
  Result result;
  for (const MetricsRecord& line : read_metrics(folder.path() / run / "metrics.jsonl")) {
    if (line.kind == "train") result.losses.push_back(*line.find("loss"));
  }
  result.last = read_checkpoint(folder / fmt::format("{}/checkpoints/step_00000012.h5", run));
  return result;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_SUITE_BEGIN("faults");

TEST_CASE("a_run_on_a_failing_disk_ends_with_the_bits_of_an_unbroken_one") {
  const test::TemporaryFolder folder;
  test::write_small_data(folder);
  RunConfig config = test::small_config(folder);
  config.train.checkpoint_every = fmt::to_string(1);
  const Result unbroken = train(folder, config, "unbroken");
  int injected = 0;
  size_t unsaved = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    FailingDisk disk(seed);
    const OtherFileCalls in_place(disk);
    std::filesystem::remove_all(folder / "run");
    const Result result = train(folder, config, "run");
    CHECK(result.losses == unbroken.losses);
    CHECK(result.last.model == unbroken.last.model);
    CHECK(result.last.optimizer == unbroken.last.optimizer);
    CHECK(result.last.state == unbroken.last.state);
    for (const auto& entry : std::filesystem::directory_iterator(folder / "run/checkpoints")) {
      CHECK(entry.path().extension() == ".h5");
      CHECK_NOTHROW(verify_checkpoint(entry.path().string()));
    }
    injected += disk.injected();
    unsaved += count(test::content_of(folder / "run/log.txt"), "is not saved: ");
  }
  CHECK(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
  MESSAGE(fmt::format("runs: {} faults injected, {} checkpoints not saved", injected, unsaved));
  CHECK(unsaved >= 20);
  CHECK(static_cast<size_t>(injected) >= unsaved);
}

TEST_CASE("after_a_failed_write_a_checkpoint_is_due_again") {
  const test::TemporaryFolder folder;
  const RunConfig config = test::small_config(folder);
  const auto device = open_device("cpu");
  const Variables none(*device);
  for (const double retry_seconds : {0.0, 60.0}) {
    const RunFolder run = open_run_folder(folder.path() / fmt::to_string(retry_seconds), false);
    RunOutput output(run);
    output.start({.epochs = 1, .steps_per_epoch = 9, .steps = 9});
    CheckpointKeeper keeper(config, run, none, "", output, retry_seconds);
    const RunPosition middle{.step = 5, .batch = 5};
    FaultyCalls disk;
    disk.arm({Fault::Call::rename, EIO}, 1);
    {
      const OtherFileCalls in_place(disk);
      keeper.save(middle, 0.5);
      while (test::content_of(run.log().string()).find("not saved: ") == std::string::npos) {
        CHECK((keeper.due(middle) == false || retry_seconds == 0));
      }
    }
    CHECK(keeper.due(middle) == (retry_seconds == 0));
    keeper.save({.step = 6, .batch = 6}, 0.6);
    keeper.finish({.step = 6, .batch = 6}, 0.6);
    CHECK_FALSE(keeper.due(middle));
    CHECK(list_checkpoints(run.checkpoints().string()).size() == 1);
  }
}

TEST_SUITE_END();
