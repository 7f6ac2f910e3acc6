#include "train/trainer.h"

#include "core/error.h"
#include "train/checkpoint_keeper.h"
#include "train/config/reference.h"
#include "train/data/loader.h"
#include "train/data/write_file.h"
#include "train/lock.h"
#include "train/precision.h"
#include "train/resume.h"
#include "train/run_evaluations.h"
#include "train/run_output.h"
#include "train/schedule.h"
#include "train/signals.h"
#include "train/text/make_tokenizer.h"
#include "train/train_step.h"

#include <cmath>
#include <optional>

namespace tandem {

namespace {

std::filesystem::path folder_of(const RunConfig& config, const TrainOptions& options) {
  if (!options.run.empty()) return options.run;
  return std::filesystem::path("runs") / config.name;
}

int64_t total_steps(const TrainConfig& train, int64_t steps_per_epoch) {
  const int64_t all = train.epochs * steps_per_epoch;
  return train.steps > 0 ? std::min(train.steps, all) : all;
}

}  // namespace

class Trainer::State {
 public:
  State(const RunConfig& config, const TrainOptions& options)
      : config_(config),
        folder_(open_run_folder(folder_of(config, options), options.resume)),
        lock_(folder_.path),
        output_(folder_),
        device_(open_device(config.device, options.device)),
        variables_(*device_) {
    if (options.resume) find_checkpoint(options.allow_config_change);
    rows_ = rows_of_split(read_table(config_.data.table), config_.data.split);
    tokenizer_ = resumed_ ? tokenizer_of(resumed_->checkpoint, resumed_->path)
                          : make_tokenizer(config_, rows_);
    evaluations_.emplace(config_, variables_, *tokenizer_);
    keeper_.emplace(config_, folder_, variables_, tokenizer_->serialize(), output_);
    step_ = std::make_unique<TrainStep>(config_.model, config_.train, config_.train.batch_size,
                                        variables_,
                                        StepOptions{.precision = precision_named(config_.precision)});
    variables_.initialize(config_.seed);
    if (resumed_) restore();
    open_loader(options.allow_config_change);
    write_file(folder_.config().string(), to_yaml(config_));
    announce();
  }

  void run() {
    const StopSignals signals;
    start_progress();
    while (position_.step < steps_ && !StopSignals::requested()) train_one();
    settle();
    output_.finish();
    if (StopSignals::requested()) output_.say(fmt::format("stopped by {}", StopSignals::name()));
    keeper_->finish(position_, passes(position_.step));
    if (position_.step == steps_) finish();
  }

 private:
  void find_checkpoint(bool allow_config_change) {
    resumed_ = newest_checkpoint(folder_, output_);
    if (resumed_) {
      compare_devices(*resumed_, device_->info(), output_);
      return check_changes(*resumed_, config_, allow_config_change, output_);
    }
    output_.resume_at(0);
    output_.say("no checkpoint to resume from; starting anew");
  }

  void restore() {
    position_ = restore_snapshot(resumed_->checkpoint, variables_, resumed_->path);
    keeper_->resume_at(position_.step);
    output_.resume_at(position_.step);
    output_.say(fmt::format("resuming from {} at step {}", resumed_->path, position_.step));
    resumed_.reset();
  }

  void open_loader(bool config_may_differ) {
    const int64_t T = config_.model.text_cfg.context_length;
    LoaderOptions options{.data = config_.data,
                          .batch_size = config_.train.batch_size,
                          .image_size = config_.model.vision_cfg.image_size,
                          .seed = config_.seed};
    options.tokenize = [this, T](const std::string& caption) {
      return encode_padded(*tokenizer_, caption, T);
    };
    options.warn = [this](const std::string& text) { output_.say(text); };
    options.bad_samples = position_.bad_samples;
    if (config_may_differ && position_.batch > 0) {
      // Epochs may have become shorter than the position is into one: then the next begins.
      const Loader probe(rows_, options, Position{position_.epoch, 0});
      if (position_.batch >= probe.batches_per_epoch()) {
        position_.epoch += 1;
        position_.batch = 0;
      }
    }
    loader_ = std::make_unique<Loader>(rows_, options, Position{position_.epoch, position_.batch});
    steps_per_epoch_ = loader_->batches_per_epoch();
    steps_ = total_steps(config_.train, steps_per_epoch_);
    schedule_.emplace(config_.train, steps_per_epoch_, steps_);
  }

  // Steps do not tell the place in an epoch where a changed config made epochs shorter.
  void follow_loader() {
    const Position next = loader_->position();
    position_.epoch = next.epoch;
    position_.batch = next.index;
    const std::set<int64_t>& bad = loader_->bad_samples();
    if (position_.bad_samples.size() != bad.size()) position_.bad_samples = bad;
  }

  int64_t parameters() const {
    int64_t count = 0;
    for (const std::string& name : variables_.parameters()) {
      count += variables_.variable(name).type.shape.elements();
    }
    return count;
  }

  // Passes over the data that so many steps are.
  double passes(int64_t step) const {
    return static_cast<double>(step) / static_cast<double>(steps_per_epoch_);
  }

  void announce() {
    const DeviceInfo& device = device_->info();
    const MemoryReport& memory = step_->program().memory();
    output_.say(fmt::format("device: {} ({})", device.name, device.driver));
    output_.say(fmt::format(
        "model: {} parameters; planned peak memory {:.1f} MB: parameters {:.1f}, "
        "optimizer {:.1f}, activations {:.1f}",
        parameters(), 1e-6 * static_cast<double>(memory.peak()),
        1e-6 * static_cast<double>(memory.trainable + memory.frozen),
        1e-6 * static_cast<double>(memory.state), 1e-6 * static_cast<double>(memory.activations)));
    output_.say(fmt::format("data: {} samples, {} batches of {} an epoch, {} steps in all",
                            rows_.size(), steps_per_epoch_, config_.train.batch_size, steps_));
  }

  void start_progress() {
    output_.start({.epochs = (steps_ + steps_per_epoch_ - 1) / steps_per_epoch_,
                   .steps_per_epoch = steps_per_epoch_,
                   .steps = steps_,
                   .first_step = position_.step});
    last_wait_ = loader_->wait_seconds();
  }

  // Starts one step, then looks at the one before while it runs.
  void train_one() {
    loader_->next(batch_);
    pairs_.pixels.swap(batch_.pixels);
    pairs_.texts.ids.swap(batch_.tokens);
    pairs_.texts.prepare(config_.model.text_cfg.context_length, config_.model.text_cfg.vocab_size);
    const double lr = schedule_->at(position_.step);
    const uint64_t ticket = step_->run(pairs_, {.lr = lr, .t = position_.step + 1});
    settle();
    position_.step += 1;
    position_.samples += config_.train.batch_size;
    follow_loader();
    under_way_ = UnderWay{ticket, position_.step, lr};
    after_step();
  }

  // Waits for the step under way and tells of it.
  void settle() {
    if (!under_way_) return;
    const UnderWay done = *under_way_;
    under_way_.reset();
    const StepResult result = step_->result(done.ticket);
    if (skipped_by_scaling(result)) {
      output_.say(fmt::format("step {}: gradients overflow at a loss scale of {:.6g}; skipped",
                              done.step, result.loss_scale));
    } else if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
      output_.finish();
      fail<Error>(
          "step {}: the loss is {} and the gradient norm {}; the last checkpoint is good. "
          "Try a lower train.lr or train.grad_clip_norm: 1.",
          done.step, result.loss, result.gradient_norm);
    }
    const double wait = loader_->wait_seconds();
    output_.step({.step = done.step,
                  .loss = result.loss,
                  .lr = done.lr,
                  .pairs = config_.train.batch_size,
                  .wait_seconds = wait - last_wait_});
    last_wait_ = wait;
    if (done.step % config_.train.log_every_n_steps == 0 || done.step == steps_) {
      record(done.step, result, done.lr);
    }
  }

  // Loss scaling finds its scale by gradients that overflow; but at 1 they do so by themselves.
  bool skipped_by_scaling(const StepResult& result) const {
    return config_.precision == "fp16" && std::isfinite(result.loss) &&
           !std::isfinite(result.gradient_norm) && result.loss_scale > 1;
  }

  void record(int64_t step, const StepResult& result, double lr) {
    MetricsRecord line{.step = step, .epoch = passes(step), .kind = "train"};
    line.values = {{"loss", result.loss},
                   {"lr", lr},
                   {"grad_norm", result.gradient_norm},
                   {"logit_scale", result.logit_scale},
                   {"pairs_per_second", output_.progress().pairs_per_second()},
                   {"data_wait", output_.progress().wait_share()}};
    if (config_.precision == "fp16") line.values.emplace_back("loss_scale", result.loss_scale);
    output_.record(line, "train/");
  }

  // Checkpoints and evaluations that are due.
  void after_step() {
    bool wanted = keeper_->due(position_);
    const int64_t epochs = config_.evaluate_every_n_epochs;
    const bool epoch_end = position_.batch == 0;
    if (epoch_end && epochs > 0 && position_.epoch % epochs == 0 && position_.step < steps_) {
      // Before the checkpoint: a run resumed from it does not evaluate this step again.
      evaluate_all();
      wanted = keeper_->evaluated(position_.step, evaluations_->lines()) || wanted;
    }
    if (!wanted) return;
    settle();
    keeper_->save(position_, passes(position_.step));
  }

  std::vector<NamedEvaluation> evaluate_all() {
    settle();
    const double begin = seconds_now();
    std::vector<NamedEvaluation> results =
        evaluations_->evaluate_all(position_.step, passes(position_.step), output_);
    output_.skip(seconds_now() - begin);
    return results;
  }

  void finish() {
    const std::vector<NamedEvaluation> results = evaluate_all();
    keeper_->evaluated(position_.step, evaluations_->lines());
    ReportInput input{.config = config_,
                      .folder = folder_,
                      .device = device_->info(),
                      .evaluations = evaluations_->reported(results),
                      .parameters = parameters(),
                      .planned_bytes = step_->program().memory().peak()};
    write_run_report(input);
    output_.say(fmt::format("report: {}", folder_.report().string()));
  }

  struct UnderWay {
    uint64_t ticket = 0;
    int64_t step = 0;
    double lr = 0;
  };

  RunConfig config_;
  RunFolder folder_;
  RunLock lock_;
  RunOutput output_;
  std::unique_ptr<Device> device_;
  Variables variables_;
  std::optional<Resumed> resumed_;
  std::vector<TableRow> rows_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<RunEvaluations> evaluations_;
  std::optional<CheckpointKeeper> keeper_;
  std::unique_ptr<TrainStep> step_;
  std::unique_ptr<Loader> loader_;
  std::optional<Schedule> schedule_;
  RunPosition position_;
  int64_t steps_per_epoch_ = 0;
  int64_t steps_ = 0;
  double last_wait_ = 0;
  Batch batch_;
  PairArrays pairs_;
  std::optional<UnderWay> under_way_;
};

Trainer::Trainer(const RunConfig& config, const TrainOptions& options)
    : state_(std::make_unique<State>(config, options)) {}

Trainer::~Trainer() = default;

void Trainer::run() { state_->run(); }

}  // namespace tandem
