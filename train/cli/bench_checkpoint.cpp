// `tandem bench checkpoint`: how fast a model's training state is written and read.
#include "core/philox.h"
#include "train/byte_size.h"
#include "train/checkpoint/checkpoint.h"
#include "train/cli/command.h"
#include "train/cli/parent.h"
#include "train/cli/spread.h"
#include "train/config/read.h"
#include "train/step_graph.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include <unistd.h>

namespace tandem {

namespace {

struct Options {
  std::string model;
  std::string folder = ".";
  double seconds = 3;
  bool json = false;
};

// The model's parameters and both moments, of random numbers.
Checkpoint synthetic(const ClipConfig& model) {
  TrainConfig train;
  train.batch_size = 1;
  if (model.init_logit_bias) train.loss = "siglip";
  const StepGraph step(model, train);
  Checkpoint checkpoint;
  Random random(1, 0, 0, RandomUse::test);
  for (const Variable& variable : step.graph.variables()) {
    if (variable.kind != Variable::Kind::trainable) continue;
    const Shape& shape = variable.type.shape;
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& value : values) value = random.uniform(-1, 1);
    checkpoint.model.push_back({variable.name, shape, values});
    for (const char* moment : {"m/", "v/"}) {
      checkpoint.optimizer.push_back({moment + variable.name, shape, values});
    }
  }
  return checkpoint;
}

// A file name of this process's own, gone with the object.
class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& folder)
      : path_(folder / fmt::format("bench_checkpoint_{}.h5", getpid())) {}
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

void run(const Options& options) {
  const Checkpoint checkpoint = synthetic(read_model_config(options.model));
  const Scratch file(options.folder);
  const Spread write =
      time_runs(options.seconds, [&] { write_checkpoint(file.path(), checkpoint); });
  const Spread verify = time_runs(options.seconds, [&] { verify_checkpoint(file.path()); });
  const Spread read = time_runs(options.seconds, [&] { read_checkpoint(file.path()); });
  const uint64_t bytes = std::filesystem::file_size(file.path());
  const double gigabytes = 1e-9 * static_cast<double>(bytes);
  nlohmann::ordered_json document{{"model", options.model}, {"file_bytes", bytes}};
  if (!options.json) fmt::print("{}: {}\n", options.model, byte_text(bytes));
  for (const auto& [name, seconds] :
       {std::pair("write", write), std::pair("verify", verify), std::pair("read", read)}) {
    const Spread rate = seconds.rate(gigabytes);
    add_spread(document, fmt::format("{}_gigabytes_per_second", name), rate);
    if (options.json) continue;
    fmt::print("{:<8} {:.3f} GB/s (median of {}, quartiles {:.3f} to {:.3f})\n", name, rate.median,
               rate.runs, rate.low, rate.high);
  }
  if (options.json) fmt::print("{}\n", document.dump(1));
}

const Command bench_checkpoint([](CLI::App& program) {
  CLI::App& parent = parent_command(program, "bench", "Measures how fast this machine is");
  CLI::App* command = parent.add_subcommand(
      "checkpoint",
      "Writes a model's training state as training does (flushed, read back, renamed), verifies\n"
      "it and reads it; what is read was just written, so the system's cache has it");
  const auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "YAML file with the model")->required();
  command->add_option("--folder", options->folder, "where to write")->capture_default_str();
  command->add_option("--seconds", options->seconds, "time for each")
      ->check(CLI::Range(0.0, 3600.0));
  command->add_flag("--json", options->json, "print one JSON document");
  command->callback([options] { run(*options); });
});

}  // namespace

}  // namespace tandem
