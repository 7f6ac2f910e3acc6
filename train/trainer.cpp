#include "train/trainer.h"

#include "core/device_lost.h"
#include "train/memory_check.h"
#include "train/nonfinite_steps.h"
#include "train/open_run.h"
#include "train/process_time.h"
#include "train/step_record.h"

#include <array>
#include <optional>
#include <utility>

namespace tandem {

class Trainer::State {
 public:
  State(const RunConfig& config, const TrainOptions& options)
      : run_(config, options), nonfinite_(run_.config.train, run_.output) {}

  void run() {
    const DeviceInfo info = run_.on_device->device->info();
    try {
      telling_out_of_memory(run_.config, info, [this] { run_to_the_end(); });
    } catch (const std::exception& error) {
      run_.output.log(error.what());
      throw;
    }
  }

 private:
  void run_to_the_end() {
    std::optional<RollBack> order;
    std::optional<std::string> lost;  // why the device was
    while (true) {
      try {
        if (lost) run_.open_again(*std::exchange(lost, std::nullopt));
        if (order) run_.roll_back(std::exchange(order, std::nullopt)->next);
        under_way_.reset();
        start_progress();
        return train();
      } catch (const RollBack& back) {
        order = back;
      } catch (const DeviceLostError& error) {
        lost = error.what();
      }
    }
  }

  void train() {
    make_up_for_evaluations();
    try {
      while (!run_.at_the_end() && !StopSignals::requested()) train_one();
    } catch (const DataError&) {
      save();
      throw;
    }
    save();
    if (StopSignals::requested()) {
      run_.output.say(fmt::format("stopped by {}", StopSignals::name()));
    }
    if (run_.at_the_end()) finish();
  }

  // A signal may have stopped the run before those of this step were made; those of the last step
  // are made by finish(), again if need be.
  void make_up_for_evaluations() {
    const int64_t step = run_.position.step;
    if (run_.at_the_end()) return run_.output.drop_evaluations(step);
    if (!std::exchange(run_.resumed_here, false)) return;
    if (run_.evaluation_due() && !run_.output.was_evaluated(step)) after_step();
  }

  // The state as it is, whether a checkpoint is due or not.
  void save() {
    settle();
    run_.output.finish();
    run_.profiler.finish();
    run_.on_device->keeper.finish(run_.position, run_.passes());
  }

  void start_progress() {
    run_.output.start({.epochs = run_.course->epochs(),
                       .steps_per_epoch = run_.course->steps_per_epoch(),
                       .steps = run_.course->steps(),
                       .first_step = run_.position.step});
    last_wait_ = run_.course->loader().wait_seconds();
  }

  // Starts one step, then looks at the one before while it runs.
  void train_one() {
    PairArrays& pairs = pairs_[static_cast<size_t>(run_.position.step % 2)];
    run_.profiler.host("wait for data", [this] { run_.course->loader().next(batch_); });
    run_.data->fill(run_.config, batch_, pairs);
    const StepSettings settings{.lr = run_.course->lr(run_.position.step),
                                .t = run_.position.step + 1,
                                .seed = run_.config.seed};
    const DeviceInfo& device = run_.on_device->device->info();
    const auto start = [&] {
      return run_.profiler.run(run_.on_device->step, run_.config, device, pairs, settings);
    };
    StartedStep started{start(), settings, &pairs};
    bool held_back = false;
    run_.profiler.host("look at the step before", [&] { held_back = settle(); });
    if (held_back) started.ticket = start();
    run_.position.step += 1;
    run_.position.samples += run_.config.train.step_pairs();
    run_.course->follow(run_.position);
    under_way_ = started;
    run_.profiler.host("checkpoint, evaluate", [this] { after_step(); });
  }

  // Waits for the step under way, which led to the position, and tells of it. Returns whether a
  // step started after it was held back, and is to be run again.
  bool settle() {
    if (!under_way_) return false;
    const StartedStep done = *under_way_;
    under_way_.reset();
    const StepResult result = run_.profiler.result(run_.on_device->step, done.ticket);
    if (!first_told_) {
      run_.output.say(fmt::format("first step after {:.2f} s", seconds_since_start()));
      first_told_ = true;
    }
    const bool failed = NonFiniteSteps::is_one(result);
    const bool holds_back = failed && !NonFiniteSteps::overflows(result);
    if (holds_back) run_.on_device->step.go_on();
    if (failed) {
      nonfinite_.handle(run_.on_device->step, done, result, run_.position);
    } else {
      run_.position.skipped_in_row = 0;
    }
    const double wait = run_.course->loader().wait_seconds();
    const RunPosition& position = run_.position;
    run_.output.step({.step = position.step,
                      .loss = result.loss,
                      .lr = done.settings.lr,
                      .pairs = run_.config.train.step_pairs(),
                      .wait_seconds = wait - last_wait_});
    last_wait_ = wait;
    const int64_t every = run_.config.train.log_every_n_steps;
    if (failed || position.step % every == 0 || run_.at_the_end()) {
      MetricsRecord line = step_record(result, done.settings, run_.output.progress(), run_.config);
      line.step = position.step;
      line.epoch = run_.passes();
      if (position.skipped > 0) {
        line.values.emplace_back("skipped_steps", static_cast<double>(position.skipped));
      }
      run_.output.record(line, "train/");
    }
    return holds_back;
  }

  // Checkpoints and evaluations that are due.
  void after_step() {
    RunPosition& position = run_.position;
    CheckpointKeeper& keeper = run_.on_device->keeper;
    bool wanted = keeper.due(position);
    try {
      if (run_.evaluation_due()) {
        // Before the checkpoint: a run resumed from it does not evaluate this step again.
        if (!evaluate_all()) return;
        wanted = keeper.evaluated(position.step, run_.on_device->evaluations.lines()) || wanted;
      }
    } catch (const DivergedError& error) {
      return run_.output.say(fmt::format("step {} is not saved: {}", position.step, error.what()));
    } catch (const DataError& error) {
      run_.output.say(fmt::format("step {} is not evaluated: {}", position.step, error.what()));
    }
    if (!wanted) return;
    settle();
    if (position.back != position.step) position.before = position.back;
    position.back = position.step;
    keeper.save(position, run_.passes());
  }

  // Nothing where a signal came to stop.
  std::optional<std::vector<NamedEvaluation>> evaluate_all() {
    settle();
    const double begin = seconds_now();
    auto results =
        run_.on_device->evaluations.evaluate_all(run_.position.step, run_.passes(), run_.output);
    run_.output.skip(seconds_now() - begin);
    return results;
  }

  void finish() {
    const auto results = evaluate_all();
    if (!results) return run_.output.say("not evaluated; go on with --resume");
    run_.on_device->keeper.evaluated(run_.position.step, run_.on_device->evaluations.lines());
    ReportInput input{.config = run_.config,
                      .folder = run_.folder,
                      .device = run_.on_device->device->info(),
                      .evaluations = run_.on_device->evaluations.reported(*results),
                      .parameters = run_.on_device->parameters(),
                      .planned_bytes = run_.on_device->step.memory().peak()};
    write_run_report(input);
    run_.output.say(fmt::format("report: {}", run_.folder.report().string()));
  }

  OpenRun run_;
  NonFiniteSteps nonfinite_;
  double last_wait_ = 0;
  Batch batch_;
  std::array<PairArrays, 2> pairs_;  // of the steps under way, for a second look
  std::optional<StartedStep> under_way_;
  bool first_told_ = false;  // how long it took to the end of the first step
};

Trainer::Trainer(const RunConfig& config, const TrainOptions& options)
    : state_(std::make_unique<State>(config, options)) {}

Trainer::~Trainer() = default;

void Trainer::run() { state_->run(); }

}  // namespace tandem
