#include "core/error.h"
#include "train/adapters/adapter_outcome.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/cli/checks.h"
#include "train/cli/command.h"
#include "train/cli/device_options.h"
#include "train/cli/eval_adapter.h"
#include "train/cli/eval_tasks.h"
#include "train/cli/table_options.h"
#include "train/evaluate/eval_report.h"
#include "train/evaluate/evaluate.h"
#include "train/evaluate/feature_retrieval.h"
#include "train/run_report.h"

#include <fmt/core.h>

#include <memory>
#include <optional>

namespace tandem {

namespace {

struct Options {
  std::string source;
  std::string base;
  std::string captions;
  std::string features;
  std::vector<std::string> names;
  TaskOptions task;
  DeviceChoice device;
};

// What to evaluate: the config's list, or the splits named on the command line.
std::vector<EvaluateConfig> wanted(const Options& options, const RunConfig& config) {
  const std::string& table = options.task.table;
  std::vector<EvaluateConfig> list;
  for (const std::string& split : options.task.splits) {
    list.push_back({.name = split, .table = table, .split = split});
    for (const EvaluateConfig& known : config.evaluate) {
      if (known.split == split) list.back().captions = known.captions;
    }
  }
  if (list.empty()) list = config.evaluate;
  if (list.empty()) fail<ConfigError>("eval: the run's config evaluates nothing; name a --split.");
  for (EvaluateConfig& evaluate : list) {
    if (!table.empty()) evaluate.table = table;
    if (options.task.format != TableFormat()) evaluate.format = options.task.format;
    if (!options.captions.empty()) evaluate.captions = options.captions;
  }
  return list;
}

void tell(const Options& options, const std::string& name, const RetrievalResult& result,
          nlohmann::ordered_json& document) {
  document["results"][name] = retrieval_json(result);
  if (!options.task.json) fmt::print("{}\n", summary(name, result));
}

// What a run on features is evaluated on, unless a table of pictures is named.
std::optional<PictureFeatures> features_of(const Options& options, RunConfig& config) {
  if (!config.trains_on_features() && !options.features.empty()) {
    fail<ConfigError>("{}: was not trained on features; leave --features out.", options.source);
  }
  if (!config.trains_on_features() || !options.task.table.empty()) return std::nullopt;
  if (!options.features.empty()) config.data.features = options.features;
  std::optional<PictureFeatures> features(config);
  features->check_base(read_base(config), config);
  return features;
}

void run_model(const Options& options, Device& device, nlohmann::ordered_json& document) {
  LoadedModel model = load_model(options.source, device, options.base);
  document["checkpoint"] = model.path;
  document["device"] = device.info().name;
  if (options.task.has("retrieval")) {
    const auto features = features_of(options, model.config);
    for (const EvaluateConfig& item : wanted(options, model.config)) {
      const auto set = open_split(item, model.config.data, model.config.model, *model.tokenizer,
                                  features ? &*features : nullptr);
      tell(options, name_of(item), evaluate(*set, *model.encoder).result, document);
    }
  }
  if (options.task.tasks == std::vector<std::string>{"retrieval"}) return;
  if (options.task.splits.empty()) fail<ConfigError>("eval: name what is tested with --split.");
  run_probes(options.task, model, device, document);
}

void run_features(const Options& options, Device& device, nlohmann::ordered_json& document) {
  FeatureNames names;
  for (const std::string& name : options.names) {
    const size_t at = name.find('=');
    if (at == std::string::npos) fail<ConfigError>("--name: '{}' is not NAME=DATASET.", name);
    names[name.substr(0, at)] = name.substr(at + 1);
  }
  FeatureSet set = read_feature_set(options.source, names);
  TaskOptions task = options.task;
  if (!task.table.empty() || !task.classes.empty() || !task.templates.empty()) {
    fail<ConfigError>("{}: a file of features has its own table, classes and class texts; leave "
                      "out --table, --classes and --templates.",
                      options.source);
  }
  if (task.splits.empty() && !set.splits.empty()) {
    fail<ConfigError>("{}: the file has splits; name what is tested with --split.", set.source);
  }
  if (task.splits.empty()) task.splits = {""};
  document["features"] = options.source;
  document["device"] = device.info().name;
  if (task.has("retrieval")) {
    for (const std::string& split : task.splits) {
      tell(options, split.empty() ? "all" : split, retrieve(set, split), document);
    }
  }
  set.images = keep_if_small(set.images);
  run_probes(task, set, nullptr, device, document);
}

void run(const Options& options) {
  const auto device = open_device(options.device);
  nlohmann::ordered_json document;
  if (is_feature_file(options.source)) {
    run_features(options, *device, document);
  } else if (is_feature_adapter(find_checkpoint(options.source).path)) {
    eval_feature_adapter(options.source, options.features, *device, options.task.json, document);
  } else {
    run_model(options, *device, document);
  }
  if (options.task.json) fmt::print("{}\n", document.dump(1));
}

void add_probe_options(CLI::App& command, TaskOptions& task) {
  const std::string group = "Classification";
  command.add_option("--classes", task.classes, "class names, one a line; else the table's labels")
      ->group(group);
  command.add_option("--templates", task.templates,
                     "prompts, one a line, {} for the class; of several files the best on "
                     "--validation-split; else 'a photo of a {}.'")
      ->allow_extra_args(false)->group(group);
  command.add_option("--train-split", task.probe.train,
                     "linear, knn: the split that they learn from (train)")
      ->group(group);
  command.add_option("--validation-split", task.probe.validation,
                     "the split that settings are chosen on (val); never the one tested; not needed "
                     "where one --k, or one --weight-decay, is given")
      ->group(group);
  command.add_option("--weight-decay", task.weight_decays,
                     "linear: one, or several to choose from; else a search from 1e-8 to 1e2")
      ->delimiter(',')->allow_extra_args(false)->check(positive_number(true))->group(group);
  command.add_option("--k", task.k, "knn: one, or several to choose from (10,20,100,200)")
      ->delimiter(',')->allow_extra_args(false)->check(whole_number(1))->group(group);
  command.add_option("--temperature", task.temperatures, "knn: the same, of the votes (0.07)")
      ->delimiter(',')->allow_extra_args(false)->check(positive_number())->group(group);
  command.add_option("--shots", task.probe.shots,
                     "learn from so many pictures a class, drawn from --train-split, and choose on "
                     "min(shots, 4) others")
      ->check(whole_number(1))->group(group);
  command.add_option("--seed", task.probe.seed, "of the draw (0)")->group(group);
}

void add_eval(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "eval",
      "Retrieval, zero-shot classification, linear and kNN probes, with 95 % bootstrap intervals");
  const auto options = std::make_shared<Options>();
  command->add_option("--base", options->base,
                      "an adapter's base, where it is not where the run had it");
  command->add_option("source", options->source,
                      "a checkpoint (.h5, of a model or of an adapter on features), a run's "
                      "folder, or a file of features (.h5)")
      ->required();
  command->add_option("--task", options->task.tasks,
                      "retrieval (default), zeroshot, linear, knn; several with commas")
      ->delimiter(',')->allow_extra_args(false)
      ->check(CLI::IsMember({"retrieval", "zeroshot", "linear", "knn"}));
  command->add_option("--split", options->task.splits,
                      "what is tested: a split of the table; else the config's list")
      ->allow_extra_args(false);
  command->add_option("--table", options->task.table, "another table than the run's");
  add_format_options(*command, options->task.format);
  command->add_option("--captions", options->captions, "all or first, of each picture")
      ->check(CLI::IsMember({"all", "first"}));
  command->add_option("--name", options->names,
                      "NAME=DATASET: what a file of features calls image_features, labels, split, "
                      "class_names, class_text_features, text_features or caption_image")
      ->allow_extra_args(false);
  command->add_option("--features", options->features,
                      "runs on features: their file, where it lies elsewhere now");
  add_probe_options(*command, options->task);
  add_device_options(*command, options->device);
  command->add_flag("--json", options->task.json, "print one JSON document");
  command->footer(
      "Examples:\n"
      "  tandem eval runs/quickstart --split test_fluent\n"
      "  tandem eval runs/a --task zeroshot --split test --classes names.txt --templates t.txt\n"
      "  tandem embed runs/a --split train --split val --split test --out a.h5\n"
      "  tandem eval a.h5 --task linear,knn --split test\n"
      "  tandem eval clip.h5 --task zeroshot --name labels=y");
  command->callback([options] { run(*options); });
}

const Command eval(add_eval);

}  // namespace

}  // namespace tandem
