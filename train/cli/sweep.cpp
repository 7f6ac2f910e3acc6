// `tandem sweep CONFIG`: the same run with several seeds and values of config keys.
#include "core/error.h"
#include "train/cli/checks.h"
#include "train/cli/command.h"
#include "train/sweep/run_sweep.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>

namespace tandem {
namespace {

struct SweepOptions {
  SweepRequest request;
  std::string run;
  std::string seeds;
  std::string device;
  int threads = 0;
  std::vector<std::string> grid;
  std::vector<std::string> metrics;
  bool json = false;
};

void tell(const SweepRun& run, size_t number, size_t of, const std::string& text) {
  fmt::print("[{}/{}] {}: {}\n", number, of, point_name(run.values, run.seed), text);
  std::fflush(stdout);
}

void sweep(const SweepOptions& options) {
  SweepRequest request = options.request;
  request.program = std::filesystem::read_symlink("/proc/self/exe");
  request.folder = options.run;
  if (!options.seeds.empty()) request.seeds = parse_seeds(options.seeds);
  for (const std::string& axis : options.grid) request.axes.push_back(parse_axis(axis));
  if (!options.device.empty()) request.arguments = {"--device", options.device};
  if (options.threads > 0) {
    request.arguments.insert(request.arguments.end(),
                             {"--threads", fmt::format("{}", options.threads)});
  }
  SweepNews news = tell;
  if (options.json) news = [](const SweepRun&, size_t, size_t, const std::string&) {};
  const Sweep done = run_sweep(request, news);
  const auto shown = shown_metrics(summarize_sweep(done.runs), options.metrics);
  const auto document = sweep_json(done);
  if (options.json) {
    fmt::print("{}\n", document.dump(1));
  } else {
    fmt::print("\n{}", table_text(sweep_table(done, shown)));
  }
  const int64_t failed = document.at("failed");
  if (failed > 0) fail<Error>("sweep: {} of {} runs failed.", failed, done.runs.size());
}

void add_sweep(CLI::App& program) {
  const auto options = std::make_shared<SweepOptions>();
  CLI::App* command = program.add_subcommand(
      "sweep",
      "Trains a config with several seeds and values of its keys, and gives mean and deviation.\n"
      "What ended before is not done again. Leaves results.json and report.html with charts");
  command->add_option("config", options->request.config, "the YAML file of a run")->required();
  command->add_option("--seeds", options->seeds, "1..3, or 1,2,5; else the config's seed");
  command->add_option("--grid", options->grid,
                      "KEY=VALUE,VALUE,...: a config key and its values; several give every "
                      "combination")
      ->allow_extra_args(false);
  command->add_option("--set", options->request.overrides,
                      "change one value of the config in all runs: --set train.lr=1e-4")
      ->allow_extra_args(false);
  command->add_option("--run", options->run, "the sweep's folder; else runs/<name>-sweep");
  command->add_option("--device", options->device, "of all runs; else the config's");
  command->add_option("--threads", options->threads, "CPU threads of each run; 0: one a core")
      ->check(whole_number(0));
  command->add_option("--metric", options->metrics,
                      "a figure to show, as test/acc1; else accuracies and recalls at 1")
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer(
      "Example:\n"
      "  tandem sweep configs/adapters/tip_adapter.yaml --seeds 1..10 \\\n"
      "    --grid data.few_shot.shots=1,2,4");
  command->callback([options] { sweep(*options); });
}

const Command command(add_sweep);

}  // namespace
}  // namespace tandem
