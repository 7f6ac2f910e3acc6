#include "train/cli/eval_tasks.h"

#include "core/error.h"
#include "train/evaluate/conditional_zero_shot.h"
#include "train/evaluate/eval_report.h"
#include "train/features/embed.h"
#include "train/text/model_tokens.h"
#include "train/text/prompts.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace tandem {
namespace {

// Tried without --k, as DINO does, where there are so many training pictures.
constexpr std::array<int64_t, 4> usual_k{10, 20, 100, 200};

// What the task has to choose between several of, or "".
std::string choice_of(const TaskOptions& options, const std::string& task) {
  if (task == "zeroshot") return options.templates.size() > 1 ? "the templates" : "";
  if (task == "linear") return options.weight_decays.size() != 1 ? "the weight decay" : "";
  const size_t settings = (options.k.empty() ? 2 : options.k.size()) * options.temperatures.size();
  return settings > 1 ? "k or the temperature" : "";
}

ProbeSplits splits_for(const TaskOptions& options, const std::string& task,
                       const std::string& tested) {
  ProbeSplits splits = options.probe;
  splits.test = tested;
  if (task == "zeroshot") splits.train.clear();  // learns nothing, so it may choose there
  return splits;
}

std::vector<KnnSetting> knn_settings(const TaskOptions& options, int64_t training) {
  std::vector<int64_t> ks = options.k;
  if (ks.empty()) {
    for (const int64_t k : usual_k) {
      if (k <= training) ks.push_back(k);
    }
    if (ks.empty()) ks.push_back(training);
  }
  std::vector<KnnSetting> settings;
  for (const int64_t k : ks) {
    for (const double temperature : options.temperatures) settings.push_back({k, temperature});
  }
  return settings;
}

// The class texts to try: of each file of templates by the model, or those of the features' file.
std::vector<ClassTexts> candidates_of(const TaskOptions& options, const FeatureSet& set,
                                      LoadedModel* model) {
  if (!model) {
    if (set.class_texts) return {{"of the file", set.class_texts->read_all()}};
    fail<ConfigError>("{}: the classes have no features; zeroshot needs class_text_features.",
                      set.source);
  }
  if (set.class_names.empty()) {
    fail<ConfigError>("eval: zeroshot needs classes; give --classes, or a table with labels.");
  }
  if (options.templates.empty()) {
    const std::string text = model->class_template();
    return {{text, class_texts(set.class_names, {text}, *model)}};
  }
  std::vector<ClassTexts> candidates;
  for (const std::string& path : options.templates) {
    candidates.push_back({path, class_texts(set.class_names, read_templates(path), *model)});
  }
  return candidates;
}

ProbeResult run_conditional(const TaskOptions& options, const ProbeSplits& splits,
                            const FeatureSet& set, LoadedModel& model) {
  if (set.class_names.empty() || !options.templates.empty()) {
    fail<ConfigError>(
        "eval: the model's prompts depend on the picture; zeroshot needs classes, and takes the "
        "text that they were learnt with; leave --templates out.");
  }
  const LabelledRows test = labelled_rows(set, splits.test);
  const std::string text = model.class_template();
  ProbeResult result;
  result.settings = {{"templates", text}};
  const ClipConfig& config = model.config.model;
  ConditionalClassifier classifier(
      config, *model.variables, class_tokens(*model.tokenizer, set.class_names, text, config));
  result.test = summarize_ranks(test.labels, classifier.ranks(test), set.classes());
  return result;
}

ProbeResult run_zero_shot(const TaskOptions& options, const ProbeSplits& splits,
                          const FeatureSet& set, LoadedModel* model) {
  if (model && model->config.model.adaptation.prompts.conditional) {
    return run_conditional(options, splits, set, *model);
  }
  const std::string chosen = choice_of(options, "zeroshot");
  check_choice(splits, chosen);
  std::optional<LabelledRows> validation;
  if (!chosen.empty()) validation = labelled_rows(set, splits.validation);
  return probe_zero_shot(candidates_of(options, set, model), validation ? &*validation : nullptr,
                         labelled_rows(set, splits.test), set.classes());
}

ProbeResult run_task(const TaskOptions& options, const std::string& task,
                     const std::string& split, const FeatureSet& set, LoadedModel* model,
                     Device& device) {
  const ProbeSplits splits = splits_for(options, task, split);
  if (task == "zeroshot") return run_zero_shot(options, splits, set, model);
  const ProbeData data = open_probe(set, splits, choice_of(options, task));
  if (task == "linear") return probe_linear(data, set.classes(), options.weight_decays, device);
  return probe_knn(data, set.classes(), knn_settings(options, data.train.size()), device);
}

// A folder that is gone in the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "tandem_eval_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      fail<DataError>("{}: can't make a folder for features; set TMPDIR to another place.", name);
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The splits that the tasks read beside those that are tested, each once. Where one is not there,
// the task that needs it says what for.
std::vector<std::string> splits_read(const TaskOptions& options) {
  std::vector<std::string> splits;
  const auto add = [&](const std::string& split) {
    const auto is_in = [&split](const std::vector<std::string>& known) {
      return std::find(known.begin(), known.end(), split) != known.end();
    };
    if (!is_in(splits) && !is_in(options.splits)) splits.push_back(split);
  };
  for (const std::string& task : options.tasks) {
    if (task == "retrieval") continue;
    const bool learns = task != "zeroshot";
    const std::string chosen = choice_of(options, task);
    for (const std::string& split : options.splits) {
      if (learns && options.probe.shots) continue;
      check_choice(splits_for(options, task, split), chosen);
    }
    if (learns) add(options.probe.train);
    if (!chosen.empty() && !(learns && options.probe.shots)) add(options.probe.validation);
  }
  return splits;
}

}  // namespace

bool TaskOptions::has(const std::string& task) const {
  return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
}

void run_probes(const TaskOptions& options, const FeatureSet& set, LoadedModel* model,
                Device& device, nlohmann::ordered_json& document) {
  for (const std::string& task : options.tasks) {
    if (task == "retrieval") continue;
    for (const std::string& split : options.splits) {
      const ProbeResult result = run_task(options, task, split, set, model, device);
      document[task][split.empty() ? "all" : split] = probe_json(result, set);
      if (!options.json) fmt::print("{}\n", probe_text(task, split, result));
    }
  }
}

void run_probes(const TaskOptions& options, LoadedModel& model, Device& device,
                nlohmann::ordered_json& document) {
  EmbedRequest request;
  request.table = options.table;
  request.format = options.format;
  request.splits = options.splits;
  request.more_splits = splits_read(options);
  request.captions = "none";
  if (!options.classes.empty()) request.classes = read_class_names(options.classes);
  const TemporaryFolder folder;
  const std::string file = folder.path() / "features.h5";
  embed(request, model, file);
  FeatureSet set = read_feature_set(file);
  set.source = request.table.empty() ? model.config.data.table : request.table;
  set.images = keep_if_small(set.images);
  run_probes(options, set, &model, device, document);
}

}  // namespace tandem
