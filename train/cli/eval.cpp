#include "core/error.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/config/read.h"
#include "train/evaluate/evaluate.h"
#include "train/run_report.h"
#include "train/snapshot.h"
#include "train/weights/load.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace tandem {

namespace {

struct Options {
  std::string source;
  std::string table;
  std::vector<std::string> splits;
  std::string captions;
  DeviceChoice device;
  bool json = false;
};

// What to evaluate: the config's list, or the splits named on the command line.
std::vector<EvaluateConfig> wanted(const Options& options, const RunConfig& config) {
  std::vector<EvaluateConfig> list;
  for (const std::string& split : options.splits) {
    list.push_back({.name = split, .table = options.table, .split = split});
    for (const EvaluateConfig& known : config.evaluate) {
      if (known.split == split) list.back().captions = known.captions;
    }
  }
  if (list.empty()) list = config.evaluate;
  if (list.empty()) fail<ConfigError>("eval: the run's config evaluates nothing; name a --split.");
  for (EvaluateConfig& evaluate : list) {
    if (!options.table.empty()) evaluate.table = options.table;
    if (!options.captions.empty()) evaluate.captions = options.captions;
  }
  return list;
}

nlohmann::ordered_json as_json(const RetrievalResult& result) {
  nlohmann::ordered_json object;
  for (const auto& [name, value] : retrieval_values(result)) object[name] = value;
  object["pictures"] = result.image_to_text.queries;
  object["captions"] = result.text_to_image.queries;
  return object;
}

void run(const Options& options) {
  const std::string path = find_checkpoint(options.source).path;
  const Checkpoint checkpoint = read_checkpoint_model(path);
  const RunConfig config = config_of(checkpoint, path);
  const auto tokenizer = tokenizer_of(checkpoint, path);
  const auto device = open_device(options.device);
  Variables variables(*device);
  Encoder encoder(config.model, variables, 64);
  load_parameters(variables, checkpoint.model, path);
  nlohmann::ordered_json document{{"checkpoint", path}, {"device", device->info().name}};
  for (const EvaluateConfig& item : wanted(options, config)) {
    const auto set = open_split(item, config.data, config.model, *tokenizer);
    const Evaluation evaluation = evaluate(*set, encoder);
    document["results"][name_of(item)] = as_json(evaluation.result);
    if (!options.json) fmt::print("{}\n", summary(name_of(item), evaluation.result));
  }
  if (options.json) fmt::print("{}\n", document.dump(1));
}

void add_eval(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "eval", "Retrieval between pictures and captions: recall at 1, 5 and 10, and ranks");
  const auto options = std::make_shared<Options>();
  command->add_option("source", options->source, "a checkpoint (.h5) or a run's folder")
      ->required();
  command->add_option("--split", options->splits, "a split of the table; else the config's list");
  command->add_option("--table", options->table, "another table than the run's");
  command->add_option("--captions", options->captions, "all or first, of each picture")
      ->check(CLI::IsMember({"all", "first"}));
  add_device_options(*command, options->device);
  command->add_flag("--json", options->json, "print one JSON document");
  command->footer("Example: tandem eval runs/quickstart --split test_fluent");
  command->callback([options] { run(*options); });
}

const Command eval(add_eval);

}  // namespace

}  // namespace tandem
