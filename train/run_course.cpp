#include "train/run_course.h"

#include "train/text/model_tokens.h"

#include <algorithm>

namespace tandem {
namespace {

std::unique_ptr<Loader> make_loader(const RunConfig& config, const RunData& data,
                                    RunOutput& output, StepProfiler& profiler,
                                    RunPosition& position, bool config_may_differ) {
  LoaderOptions options{.data = config.data,
                        .batch_size = config.train.step_pairs(),
                        .image_size = config.model.vision_cfg.image_size,
                        .tokens = {config.model.vision_cfg.patches(),
                                   config.model.vision_cfg.class_token},
                        .kept_patches = config.model.vision_cfg.kept_patches(),
                        .seed = config.seed};
  if (data.features()) options.features = data.features()->values();
  options.tokenize = [&tokenizer = data.tokenizer(), model = config.model](const std::string& caption) {
    return model_tokens(tokenizer, caption, model);
  };
  options.warn = [&output](const std::string& text) { output.say(text); };
  options.made = [&profiler](int64_t worker, int64_t batch, double seconds) {
    const double now = seconds_now();
    profiler.loader(worker, batch, now - seconds, now);
  };
  options.bad_samples = position.bad_samples;
  if (config_may_differ && position.batch > 0) {
    const Loader probe(data.rows(), options, Position{position.epoch, 0});
    if (position.batch >= probe.batches_per_epoch()) {
      position.epoch += 1;
      position.batch = 0;
    }
  }
  return std::make_unique<Loader>(data.rows(), options, Position{position.epoch, position.batch});
}

int64_t total_steps(const TrainConfig& train, int64_t steps_per_epoch) {
  const int64_t all = train.epochs * steps_per_epoch;
  return train.steps > 0 ? std::min(train.steps, all) : all;
}

// What the config asks for and a run of so many steps does not reach.
void say_what_is_not_reached(const TrainConfig& train, int64_t steps, RunOutput& output) {
  if (train.steps > steps) {
    output.say(fmt::format("train.steps is {}, but train.epochs {} ends the run after {}",
                           train.steps, train.epochs, steps));
  }
  if (train.warmup_epochs == 0 && train.warmup > steps) {
    output.say(fmt::format("train.warmup is {} steps, but the run has {}: it does not reach "
                           "train.lr {}",
                           train.warmup, steps, train.lr));
  }
}

}  // namespace

RunCourse::RunCourse(const RunConfig& config, const RunData& data, RunOutput& output,
                     StepProfiler& profiler, RunPosition& position, bool config_may_differ)
    : loader_(make_loader(config, data, output, profiler, position, config_may_differ)),
      steps_per_epoch_(loader_->batches_per_epoch()),
      steps_(total_steps(config.train, steps_per_epoch_)),
      schedule_(config.train, steps_per_epoch_, steps_) {
  say_what_is_not_reached(config.train, steps_, output);
}

void RunCourse::follow(RunPosition& position) const {
  const Position next = loader_->position();
  position.epoch = next.epoch;
  position.batch = next.index;
  const std::set<int64_t>& bad = loader_->bad_samples();
  if (position.bad_samples.size() != bad.size()) position.bad_samples = bad;
}

}  // namespace tandem
