#include "train/byte_size.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/config/read.h"
#include "train/start_run.h"

#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  DeviceChoice device;
  std::string device_memory;
  TrainOptions train;
};

void run(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  RunConfig config = read_run_config(options.config, overrides);
  if (!options.device.name.empty()) config.device = options.device.name;
  TrainOptions train = options.train;
  train.device = options.device.options;
  if (!options.device_memory.empty()) train.device_memory = parse_bytes(options.device_memory);
  start_run(config, train);
}

void add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "train",
      "Trains a model from a YAML config. The run's folder gets config.yaml, log.txt,\n"
      "metrics.jsonl, TensorBoard files, checkpoints/ and report.html");
  const auto options = std::make_shared<Options>();
  command->add_option("config", options->config, "the run's YAML file")->required();
  command->add_option("--set", options->overrides,
                      "change one value of the config: --set train.lr=1e-4")
      ->allow_extra_args(false);
  command->add_option("--run", options->train.run, "the run's folder; else runs/<name>");
  command->add_flag("--resume", options->train.resume,
                    "go on from the newest checkpoint that verifies");
  command->add_flag("--allow-config-change", options->train.allow_config_change,
                    "resume although the config has changed since the checkpoint");
  add_device_options(*command, options->device);
  command->add_option("--device-memory", options->device_memory,
                      "the most memory to take of the device, as 8GiB; else what is free");
  CLI::Option* profile = command->add_option(
      "--profile", options->train.profile_file,
      "look closely at a few steps after the first: a table of ops in the log, and a trace for\n"
      "Perfetto in this file, or in profile.json of the run's folder");
  profile->expected(0, 1);
  const auto steps = std::make_shared<int64_t>(5);
  command->add_option("--profile-steps", *steps,
                      "so many steps, and as many that show how far the host is ahead")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000))
      ->needs(profile);
  command->footer("Example: tandem train configs/quickstart.yaml --set train.epochs=2");
  command->callback([options, profile, steps] {
    if (profile->count() > 0) options->train.profile_steps = *steps;
    run(*options);
  });
}

const Command train(add_train);

}  // namespace

}  // namespace tandem
