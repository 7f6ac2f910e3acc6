#include "train/trainer.h"

#include "core/device_lost.h"
#include "train/config/reference.h"
#include "train/data/write_file.h"
#include "train/lock.h"
#include "train/memory_check.h"
#include "train/nonfinite_steps.h"
#include "train/process_time.h"
#include "train/profile/step_profiler.h"
#include "train/resume.h"
#include "train/run_data.h"
#include "train/run_course.h"
#include "train/run_on_device.h"
#include "train/signals.h"
#include "train/step_record.h"

#include <array>
#include <optional>

namespace tandem {

namespace {

std::filesystem::path folder_of(const RunConfig& config, const TrainOptions& options) {
  if (!options.run.empty()) return options.run;
  return std::filesystem::path("runs") / config.name;
}

ProfileOptions profile_of(const TrainOptions& options, const RunFolder& folder) {
  const bool named = !options.profile_file.empty();
  return {.steps = options.profile_steps,
          .file = named ? options.profile_file : (folder.path / "profile.json").string()};
}

}  // namespace

class Trainer::State {
 public:
  State(const RunConfig& config, const TrainOptions& options)
      : config_(config),
        options_(options),
        folder_(open_run_folder(folder_of(config, options), options.resume)),
        lock_(folder_.path),
        output_(folder_),
        profiler_(profile_of(options, folder_), output_),
        nonfinite_(config_.train, output_) {
    std::unique_ptr<Device> device = open();
    const DeviceInfo info = device->info();
    const bool changed = options.allow_config_change;
    if (options.resume) resumed_ = checkpoint_to_resume(folder_, config_, info, changed, output_);
    data_.emplace(config_, tokenizer_of(resumed_));
    check_memory(config_, info, memory_limit(info, options_.device_memory));
    // Its threads make the first batches while the step is compiled.
    if (!resumed_) open_loader();
    telling_out_of_memory(config_, info, [&] {
      on_device_.emplace(config_, folder_, std::move(device), *data_, output_);
    });
    if (resumed_) {
      restore();
      open_loader();
    } else {
      on_device_->start(config_, *data_);
    }
    write_file(folder_.config().string(), to_yaml(config_));
    on_device_->announce(output_);
    const char* const by = data_->features() ? "; features in place of augmented pictures" : "";
    output_.say(fmt::format("data: {} samples, {} batches of {} an epoch, {} steps in all{}",
                            data_->rows().size(), course_->steps_per_epoch(),
                            config_.train.step_pairs(), course_->steps(), by));
  }

  void run() {
    const DeviceInfo info = on_device_->device->info();
    telling_out_of_memory(config_, info, [this] { run_to_the_end(); });
  }

 private:
  void run_to_the_end() {
    const StopSignals signals;
    bool done = false;
    while (!done) {
      try {
        start_progress();
        train();
        done = true;
      } catch (const RollBack& order) {
        roll_back(order);
      } catch (const DeviceLostError& error) {
        open_again(error);
      }
    }
  }

  void train() {
    while (!at_the_end() && !StopSignals::requested()) train_one();
    settle();
    output_.finish();
    profiler_.finish();
    if (StopSignals::requested()) output_.say(fmt::format("stopped by {}", StopSignals::name()));
    on_device_->keeper.finish(position_, passes());
    if (at_the_end()) finish();
  }

  std::unique_ptr<Device> open() const {
    return options_.open ? options_.open() : open_device(config_.device, options_.device);
  }

  void restore() {
    if (config_.saves_part()) on_device_->start(config_, *data_);
    position_ = restore_snapshot(resumed_->checkpoint, on_device_->variables, resumed_->path);
    on_device_->keeper.resume_at(position_.step);
    output_.resume_at(position_.step);
    output_.say(fmt::format("resuming from {} at step {}", resumed_->path, position_.step));
    resumed_.reset();
  }

  // Parameters, optimizer and position become those of a checkpoint, or without one those that the
  // run began with.
  void start_from(std::optional<Resumed> checkpoint) {
    under_way_.reset();
    position_ = {};
    resumed_ = std::move(checkpoint);
    if (resumed_) return restore();
    on_device_->start(config_, *data_);
    output_.resume_at(0);
    output_.say("there is no checkpoint; starting anew");
  }

  // To the newest checkpoint that was due, not to one that was saved when the run was stopped: a
  // run that is stopped at any time and resumed fails in the same step and goes back in the same
  // way. The data from the checkpoint's position to the failed step is not used again.
  void roll_back(const RollBack& order) {
    on_device_->keeper.collect();
    start_from(checkpoint_of_step(folder_, order.next.back, output_));
    position_.epoch = order.next.epoch;
    position_.batch = order.next.batch;
    position_.rollbacks = order.next.rollbacks;
    position_.bad_samples = order.next.bad_samples;
    open_loader();
  }

  void open_again(const DeviceLostError& error) {
    output_.finish();
    if (was_lost_) {
      fail<DeviceError>("the device was lost a second time, and the run stops: {}", error.what());
    }
    was_lost_ = true;
    output_.say(fmt::format("the device was lost, and is opened again: {}", error.what()));
    on_device_->keeper.collect();
    profiler_.give_up();
    on_device_.reset();
    on_device_.emplace(config_, folder_, open(), *data_, output_);
    start_from(newest_checkpoint(folder_, output_));
    open_loader();
  }

  void open_loader() {
    course_.emplace(config_, *data_, output_, profiler_, position_, options_.allow_config_change);
  }

  double passes() const { return course_->passes(position_.step); }
  bool at_the_end() const { return position_.step >= course_->steps(); }

  void start_progress() {
    output_.start({.epochs = course_->epochs(),
                   .steps_per_epoch = course_->steps_per_epoch(),
                   .steps = course_->steps(),
                   .first_step = position_.step});
    last_wait_ = course_->loader().wait_seconds();
  }

  // Starts one step, then looks at the one before while it runs.
  void train_one() {
    PairArrays& pairs = pairs_[static_cast<size_t>(position_.step % 2)];
    profiler_.host("wait for data", [this] { course_->loader().next(batch_); });
    data_->fill(config_, batch_, pairs);
    const StepSettings settings{.lr = course_->lr(position_.step),
                                .t = position_.step + 1,
                                .seed = config_.seed};
    const DeviceInfo& device = on_device_->device->info();
    const auto start = [&] {
      return profiler_.run(on_device_->step, config_, device, pairs, settings);
    };
    StartedStep started{start(), settings, &pairs};
    bool held_back = false;
    profiler_.host("look at the step before", [&] { held_back = settle(); });
    if (held_back) started.ticket = start();
    position_.step += 1;
    position_.samples += config_.train.step_pairs();
    course_->follow(position_);
    under_way_ = started;
    profiler_.host("checkpoint, evaluate", [this] { after_step(); });
  }

  // Waits for the step under way, which led to the position, and tells of it. Returns whether a
  // step started after it was held back, and is to be run again.
  bool settle() {
    if (!under_way_) return false;
    const StartedStep done = *under_way_;
    under_way_.reset();
    const StepResult result = profiler_.result(on_device_->step, done.ticket);
    if (!first_told_) {
      output_.say(fmt::format("first step after {:.2f} s", seconds_since_start()));
      first_told_ = true;
    }
    const bool failed = NonFiniteSteps::is_one(result);
    const bool holds_back = failed && !NonFiniteSteps::overflows(result);
    if (holds_back) on_device_->step.go_on();
    if (failed) {
      nonfinite_.handle(on_device_->step, done, result, position_);
    } else {
      nonfinite_.heard_finite();
    }
    const double wait = course_->loader().wait_seconds();
    output_.step({.step = position_.step,
                  .loss = result.loss,
                  .lr = done.settings.lr,
                  .pairs = config_.train.step_pairs(),
                  .wait_seconds = wait - last_wait_});
    last_wait_ = wait;
    if (failed || position_.step % config_.train.log_every_n_steps == 0 || at_the_end()) {
      MetricsRecord line = step_record(result, done.settings, output_.progress(), config_);
      line.step = position_.step;
      line.epoch = passes();
      if (position_.skipped > 0) {
        line.values.emplace_back("skipped_steps", static_cast<double>(position_.skipped));
      }
      output_.record(line, "train/");
    }
    return holds_back;
  }

  // Checkpoints and evaluations that are due.
  void after_step() {
    CheckpointKeeper& keeper = on_device_->keeper;
    bool wanted = keeper.due(position_);
    const int64_t epochs = config_.evaluate_every_n_epochs;
    const bool epoch_end = position_.batch == 0;
    if (epoch_end && epochs > 0 && position_.epoch % epochs == 0 && !at_the_end()) {
      // Before the checkpoint: a run resumed from it does not evaluate this step again.
      evaluate_all();
      wanted = keeper.evaluated(position_.step, on_device_->evaluations.lines()) || wanted;
    }
    if (!wanted) return;
    settle();
    position_.back = position_.step;
    keeper.save(position_, passes());
  }

  std::vector<NamedEvaluation> evaluate_all() {
    settle();
    const double begin = seconds_now();
    std::vector<NamedEvaluation> results =
        on_device_->evaluations.evaluate_all(position_.step, passes(), output_);
    output_.skip(seconds_now() - begin);
    return results;
  }

  void finish() {
    const std::vector<NamedEvaluation> results = evaluate_all();
    on_device_->keeper.evaluated(position_.step, on_device_->evaluations.lines());
    ReportInput input{.config = config_,
                      .folder = folder_,
                      .device = on_device_->device->info(),
                      .evaluations = on_device_->evaluations.reported(results),
                      .parameters = on_device_->parameters(),
                      .planned_bytes = on_device_->step.memory().peak()};
    write_run_report(input);
    output_.say(fmt::format("report: {}", folder_.report().string()));
  }

  RunConfig config_;
  TrainOptions options_;
  RunFolder folder_;
  RunLock lock_;
  RunOutput output_;
  StepProfiler profiler_;
  NonFiniteSteps nonfinite_;
  std::optional<Resumed> resumed_;
  std::optional<RunData> data_;
  std::optional<RunOnDevice> on_device_;
  std::optional<RunCourse> course_;
  RunPosition position_;
  double last_wait_ = 0;
  Batch batch_;
  std::array<PairArrays, 2> pairs_;  // of the steps under way, for a second look
  std::optional<StartedStep> under_way_;
  bool was_lost_ = false;
  bool first_told_ = false;  // how long it took to the end of the first step
};

Trainer::Trainer(const RunConfig& config, const TrainOptions& options)
    : state_(std::make_unique<State>(config, options)) {}

Trainer::~Trainer() = default;

void Trainer::run() { state_->run(); }

}  // namespace tandem
