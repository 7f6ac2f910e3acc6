#include "train/adapters/fit_adapter.h"

#include "core/error.h"
#include "train/adapters/tip_search.h"
#include "train/evaluate/linear_probe.h"

#include <algorithm>

namespace tandem {
namespace {

struct FitTask {
  const AdapterData& data;
  const RunConfig& config;
  Device& device;
  FitWatcher* watcher;

  const AdapterConfig& adapter() const { return config.adapter; }
  const LabelledRows* validation() const {
    return data.validation.size() > 0 ? &data.validation : nullptr;
  }
};

void need_pictures(const FitTask& task) {
  if (task.data.train.size() > 0) return;
  fail<ConfigError>("{}: there is no picture to learn from; set data.few_shot.shots.",
                    task.adapter().kind);
}

void need_validation(const FitTask& task, const char* chosen, const char* instead) {
  if (task.validation()) return;
  fail<ConfigError>("{}: no picture is left to choose {} on; name a data.few_shot.val_split, ask "
                    "for fewer shots, or set {}.",
                    task.adapter().kind, chosen, instead);
}

FittedAdapter with_texts(const FitTask& task) {
  const AdapterData& data = task.data;
  if (data.class_texts.empty()) {
    fail<ConfigError>("{}: the classes have no features; {} needs class_text_features.",
                      data.set.source, task.adapter().kind);
  }
  FittedAdapter adapter{.kind = task.adapter().kind, .tensors = {}, .numbers = {},
                        .settings = {}, .validation_acc1 = {}};
  adapter.tensors.push_back({"class_texts", {data.classes, data.width()}, data.class_texts});
  adapter.numbers["logit_scale"] = task.adapter().logit_scale;
  return adapter;
}

// Trains the adapter's tensors of those names, which have no values before or are where it starts.
void train_tensors(const FitTask& task, FittedAdapter& adapter) {
  VariableValues start;
  for (const NamedTensor& tensor : adapter.tensors) {
    if (!tensor.values.empty()) start[tensor.name] = tensor.values;
  }
  const FitResult result =
      fit_scores(score_graph(adapter), start, task.data.train, task.validation(), task.device,
                 {.train = task.config.train, .seed = task.config.seed, .watcher = task.watcher});
  for (NamedTensor& tensor : adapter.tensors) {
    const auto found = result.trained.find(tensor.name);
    if (found != result.trained.end()) tensor.values = found->second;
  }
  adapter.settings.emplace_back("epoch", fmt::format("{}", result.epoch));
  adapter.validation_acc1 = result.validation;
}

FittedAdapter fit_zero_shot(const FitTask& task) { return with_texts(task); }

FittedAdapter fit_linear_probe(const FitTask& task) {
  need_pictures(task);
  const AdapterData& data = task.data;
  FittedAdapter adapter{.kind = "linear_probe", .tensors = {}, .numbers = {}, .settings = {},
                        .validation_acc1 = {}};
  std::optional<double> weight_decay = task.adapter().linear_probe.weight_decay;
  if (!weight_decay) {
    need_validation(task, "the weight decay", "adapter.linear_probe.weight_decay");
    const WeightDecayTrial best =
        choose_weight_decay(data.train, data.validation, data.classes, {}, task.device);
    weight_decay = best.weight_decay;
    adapter.validation_acc1 = best.accuracy;
  }
  LinearClassifier fitted = fit_linear(data.train, data.classes, *weight_decay, task.device);
  adapter.settings.emplace_back("weight_decay", fmt::format("{:.4g}", *weight_decay));
  adapter.tensors = {{"weight", {data.classes, data.width()}, std::move(fitted.weight)},
                     {"bias", {data.classes}, std::move(fitted.bias)}};
  return adapter;
}

FittedAdapter fit_clip_adapter(const FitTask& task) {
  need_pictures(task);
  FittedAdapter adapter = with_texts(task);
  const ClipAdapterConfig& config = task.adapter().clip_adapter;
  const int64_t E = task.data.width(), hidden = E / config.reduction;
  if (hidden < 1) {
    fail<ConfigError>("clip_adapter: adapter.clip_adapter.reduction {} leaves no channels of {} "
                      "features; choose a smaller one.",
                      config.reduction, E);
  }
  adapter.numbers["ratio"] = config.ratio;
  adapter.tensors.push_back({"image_adapter.fc.0.weight", {hidden, E}, {}});
  adapter.tensors.push_back({"image_adapter.fc.2.weight", {E, hidden}, {}});
  train_tensors(task, adapter);
  return adapter;
}

// The cache: keys are the training pictures' features, values their classes.
void add_cache(const AdapterData& data, FittedAdapter& adapter) {
  const int64_t S = data.train.size(), K = data.classes;
  std::vector<float> keys, values(static_cast<size_t>(S * K));
  if (data.keys) {
    keys = data.keys->read_all();
  } else {
    data.train.read(0, S, keys);
  }
  for (int64_t i = 0; i < S; ++i) {
    values[static_cast<size_t>(i * K + data.train.labels[static_cast<size_t>(i)])] = 1;
  }
  adapter.tensors.push_back({"cache.keys", {S, data.width()}, std::move(keys)});
  adapter.tensors.push_back({"cache.values", {S, K}, std::move(values)});
}

FittedAdapter fit_tip_adapter(const FitTask& task) {
  need_pictures(task);
  FittedAdapter adapter = with_texts(task);
  const TipAdapterConfig& config = task.adapter().tip_adapter;
  add_cache(task.data, adapter);
  adapter.numbers["alpha"] = config.alpha;
  adapter.numbers["beta"] = config.beta;
  if (config.search) {
    need_validation(task, "alpha and beta", "adapter.tip_adapter.search: false");
  }
  if (adapter.kind == "tip_adapter_f") train_tensors(task, adapter);
  if (config.search) {
    const TipChoice best = search_tip(adapter, task.data.validation, config, task.device);
    adapter.numbers["alpha"] = best.alpha;
    adapter.numbers["beta"] = best.beta;
    adapter.validation_acc1 = best.validation_acc1;
  }
  adapter.settings.emplace_back("alpha", fmt::format("{:.4g}", adapter.numbers["alpha"]));
  adapter.settings.emplace_back("beta", fmt::format("{:.4g}", adapter.numbers["beta"]));
  return adapter;
}

}  // namespace

FittedAdapter fit_adapter(const AdapterData& data, const RunConfig& config, Device& device,
                          FitWatcher* watcher) {
  const std::map<std::string, FittedAdapter (*)(const FitTask&)> kinds{
      {"zero_shot", fit_zero_shot},
      {"linear_probe", fit_linear_probe},
      {"clip_adapter", fit_clip_adapter},
      {"tip_adapter", fit_tip_adapter},
      {"tip_adapter_f", fit_tip_adapter}};
  const auto found = kinds.find(config.adapter.kind);
  if (found == kinds.end()) {
    fail<ConfigError>("adapter.kind {} classifies nothing on features.", config.adapter.kind);
  }
  return found->second({data, config, device, watcher});
}

}  // namespace tandem
