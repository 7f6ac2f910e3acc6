#include "train/cli/command.h"
#include "train/config/read.h"
#include "train/trainer.h"

#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::string device;
  TrainOptions train;
};

void run(const Options& options) {
  std::vector<std::string> overrides = options.overrides;
  if (!options.device.empty()) overrides.push_back("device=" + options.device);
  Trainer(read_run_config(options.config, overrides), options.train).run();
}

void add_train(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "train",
      "Trains a model from a YAML config. The run's folder gets config.yaml, log.txt,\n"
      "metrics.jsonl, TensorBoard files, checkpoints/ and report.html");
  const auto options = std::make_shared<Options>();
  command->add_option("config", options->config, "the run's YAML file")->required();
  command->add_option("--set", options->overrides,
                      "change one value of the config: --set train.lr=1e-4");
  command->add_option("--device", options->device,
                      "auto, cpu, vulkan, vulkan:<index | part of the name | uuid>");
  command->add_option("--run", options->train.run, "the run's folder; else runs/<name>");
  command->add_flag("--resume", options->train.resume,
                    "go on from the newest checkpoint that verifies");
  command->add_option("--threads", options->train.threads, "CPU threads; 0: one a core");
  command->footer("Example: tandem train configs/quickstart.yaml --set train.epochs=2");
  command->callback([options] { run(*options); });
}

const Command train(add_train);

}  // namespace

}  // namespace tandem
