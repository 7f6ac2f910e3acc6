#include "train/open_run.h"

#include "core/kernel_traits.h"
#include "train/config/reference.h"
#include "train/data/fingerprint.h"
#include "train/data/write_file.h"
#include "train/memory_check.h"

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

OpenRun::OpenRun(const RunConfig& run_config, const TrainOptions& train_options)
    : config(run_config),
      options(train_options),
      folder(open_run_folder(folder_of(config, options), options.resume)),
      lock(folder.path),
      output(folder),
      profiler(profile_of(options, folder), output) {
  std::unique_ptr<Device> device = open();
  const DeviceInfo info = device->info();
  std::optional<Resumed> resumed;
  if (options.resume) {
    resumed = checkpoint_to_resume(folder, config, info, options.allow_config_change, output);
  } else {
    output.resume_at(0);  // a run may have ended here before its first checkpoint
  }
  data.emplace(config, tokenizer_of(resumed));
  rows_ = fingerprint(data->rows());
  check_memory(config, info, memory_limit(info, options.device_memory));
  // Its threads make the first batches while the step is compiled.
  if (!resumed) open_loader();
  telling_out_of_memory(
      config, info, [&] { on_device.emplace(config, folder, std::move(device), *data, output); });
  if (resumed) {
    restore(*resumed);
    open_loader();
  } else {
    on_device->start(config, *data);
  }
  write_file(folder.config().string(), to_yaml(config));
  on_device->announce(output);
  const char* const by = data->features() ? "; features in place of augmented pictures" : "";
  output.say(fmt::format("data: {} samples, {} batches of {} an epoch, {} steps in all{}",
                         data->rows().size(), course->steps_per_epoch(), config.train.step_pairs(),
                         course->steps(), by));
}

std::unique_ptr<Device> OpenRun::open() const {
  return options.open ? options.open() : open_device(config.device, options.device);
}

void OpenRun::restore(const Resumed& resumed) {
  if (config.saves_part()) on_device->start(config, *data);
  position = restore_snapshot(resumed.checkpoint, on_device->variables, resumed.path);
  check_rows(position.rows, rows_, options.allow_config_change, output);
  output.resume_at(position.step);
  on_device->keeper.resume_at(position.step);
  resumed_here = true;
  output.say(fmt::format("resuming from {} at step {}", resumed.path, position.step));
}

// Parameters, optimizer and position become those of a checkpoint, or without one those that the
// run began with.
void OpenRun::start_from(const std::optional<Resumed>& checkpoint) {
  position = {};
  if (checkpoint) return restore(*checkpoint);
  on_device->start(config, *data);
  output.resume_at(0);
  output.say("there is no checkpoint; starting anew");
}

void OpenRun::roll_back(const RunPosition& next) {
  on_device->keeper.collect();
  start_from(checkpoint_of_step(folder, next.tried, output));
  resumed_here = false;
  position.epoch = next.epoch;
  position.batch = next.batch;
  position.rollbacks = next.rollbacks;
  position.tried = position.step;
  position.bad_samples = next.bad_samples;
  open_loader();
}

void OpenRun::open_again(const std::string& why) {
  output.finish();
  if (was_lost_) {
    fail<DeviceError>("the device was lost a second time, and the run stops: {}", why);
  }
  was_lost_ = true;
  output.say(fmt::format("the device was lost, and is opened again: {}", why));
  on_device->keeper.collect();
  profiler.give_up();
  const DeviceInfo info = on_device->device->info();
  const KernelTraits traits = kernel_traits(info);
  on_device.reset();
  std::unique_ptr<Device> device = open();
  if (device->info().driver == info.driver) set_kernel_traits(device->info(), traits);
  on_device.emplace(config, folder, std::move(device), *data, output);
  start_from(newest_checkpoint(folder, output));
  open_loader();
}

void OpenRun::open_loader() {
  course.emplace(config, *data, output, profiler, position, options.allow_config_change);
  position.rows = rows_;
}

bool OpenRun::evaluation_due() const {
  const int64_t epochs = config.evaluate_every_n_epochs;
  return epochs > 0 && position.step > 0 && position.batch == 0 && position.epoch % epochs == 0 &&
         !at_the_end() && !on_device->evaluations.empty();
}

}  // namespace tandem
