#include "train/adapters/adapter_outcome.h"

#include "core/error.h"
#include "core/version.h"
#include "train/checkpoint/hdf5.h"
#include "train/config/reference.h"
#include "train/evaluate/eval_report.h"

namespace tandem {
namespace {

using nlohmann::ordered_json;

constexpr const char* attribute = "feature_adapter";

ProbeResult tested(const FittedAdapter& adapter, const LabelledRows& pictures, int64_t classes,
                   Device& device) {
  const std::vector<int32_t> ranks = adapter_ranks(adapter, pictures, device);
  return {.test = summarize_ranks(pictures.labels, ranks, classes),
          .settings = adapter.settings,
          .validation_acc1 = adapter.validation_acc1};
}

NamedFigures figures(const Classification& result) {
  NamedFigures values{{"acc1", result.acc1.value}};
  if (result.acc5) values.emplace_back("acc5", result.acc5->value);
  values.emplace_back("mean_per_class_recall", result.mean_per_class_recall.value);
  return values;
}

double harmonic_mean(double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; }

// Their width first, for it says more.
void compare_features(const ordered_json& adapter, const FeatureSet& set,
                      const std::string& source) {
  const auto width = adapter.at("width").get<int64_t>();
  if (width != set.images->width()) {
    fail<ConfigError>("{}: its features have width {}, those that {} was fitted on {}; give it "
                      "features of the same model.",
                      set.source, set.images->width(), source, width);
  }
  const auto fitted_on = adapter.at("fingerprint").get<std::string>();
  const std::string fingerprint = fingerprint_of(set);
  if (fingerprint == fitted_on) return;
  fail<ConfigError>("{}: these are other features (fingerprint {:.12}) than those that {} was "
                    "fitted on ({:.12}); fit it on these, or give it those.",
                    set.source, fingerprint, source, fitted_on);
}

// Calls body(what a checkpoint says of its adapter).
template <class Body>
auto with_about(const Checkpoint& checkpoint, const std::string& source, const Body& body) {
  try {
    return body(ordered_json::parse(checkpoint.attributes.at(attribute)));
  } catch (const ordered_json::exception& error) {
    fail<CheckpointError>("{}: what it says of its adapter can't be read: {}.", source,
                          error.what());
  }
}

}  // namespace

AdapterOutcome test_adapter(const FittedAdapter& adapter, const AdapterData& data,
                            Device& device) {
  AdapterOutcome outcome{tested(adapter, data.test, data.classes, device), {}};
  if (data.fresh.size() == 0) return outcome;
  const FittedAdapter other = with_classes(adapter, data.fresh_texts, data.width());
  outcome.fresh = tested(other, data.fresh, data.set.classes() - data.classes, device);
  return outcome;
}

std::vector<std::pair<std::string, NamedFigures>> figures_of(const AdapterOutcome& outcome) {
  std::vector<std::pair<std::string, NamedFigures>> all{{"test", figures(outcome.test.test)}};
  if (!outcome.fresh) return all;
  all.emplace_back("new", figures(outcome.fresh->test));
  const Classification &base = outcome.test.test, &fresh = outcome.fresh->test;
  all.emplace_back("base_to_new",
                   NamedFigures{{"harmonic_mean_acc1",
                                 harmonic_mean(base.acc1.value, fresh.acc1.value)},
                                {"harmonic_mean_per_class_recall",
                                 harmonic_mean(base.mean_per_class_recall.value,
                                               fresh.mean_per_class_recall.value)}});
  return all;
}

std::string outcome_text(const std::string& kind, const AdapterOutcome& outcome) {
  std::string text = probe_text(kind, outcome.fresh ? "base classes" : "test", outcome.test);
  if (!outcome.fresh) return text;
  text += fmt::format("\n{}", probe_text(kind, "new classes", *outcome.fresh));
  const auto all = figures_of(outcome);
  for (const auto& [name, value] : all.back().second) {
    text += fmt::format("\n  {:<30} {:5.1f} %", name, 100 * value);
  }
  return text;
}

ordered_json outcome_json(const FittedAdapter& adapter, const AdapterOutcome& outcome,
                          const AdapterData& data, const RunConfig& config) {
  ordered_json document{{"kind", adapter.kind},
                        {"seed", config.seed},
                        {"shots", config.data.few_shot.shots},
                        {"features", data.set.source},
                        {"fingerprint", data.fingerprint},
                        {"learned_from", data.train.size()},
                        {"chosen_on", data.validation.size()}};
  document["test"] = probe_json(outcome.test, data.set);
  if (!outcome.fresh) return document;
  document["new"] = probe_json(*outcome.fresh, data.set);
  for (size_t c = 0; c < document["new"]["classes"].size(); ++c) {
    document["new"]["classes"][c]["name"] =
        data.class_name(data.classes + static_cast<int64_t>(c));
  }
  const auto all = figures_of(outcome);
  for (const auto& [name, value] : all.back().second) document[name] = value;
  return document;
}

Checkpoint adapter_checkpoint(const FittedAdapter& adapter, const AdapterData& data,
                              const RunConfig& config) {
  ordered_json about{{"kind", adapter.kind},
                     {"width", data.width()},
                     {"fingerprint", data.fingerprint},
                     {"features", data.set.source},
                     {"numbers", adapter.numbers}};
  for (const auto& [name, value] : adapter.settings) about["settings"][name] = value;
  if (adapter.validation_acc1) about["validation_acc1"] = *adapter.validation_acc1;
  for (int64_t c = 0; c < data.set.classes(); ++c) about["classes"].push_back(data.class_name(c));
  Checkpoint checkpoint;
  checkpoint.model = adapter.tensors;
  checkpoint.state = {{"seed", static_cast<int64_t>(config.seed)}};
  checkpoint.attributes = {{"tandem_version", version},
                           {"git_revision", git_revision},
                           {"config", to_yaml(config)},
                           {attribute, about.dump()}};
  return checkpoint;
}

bool is_feature_adapter(const std::string& path) {
  const Hdf5Session session;
  if (H5Fis_hdf5(path.c_str()) <= 0) return false;
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (id < 0) return false;  // damaged: reading it says how
  const Hdf5Handle file(id, H5Fclose, path, "read it as HDF5");
  return H5Aexists(file, attribute) > 0;
}

FittedAdapter adapter_of(const Checkpoint& checkpoint, const FeatureSet& set,
                         const std::string& source) {
  return with_about(checkpoint, source, [&](const ordered_json& about) {
    compare_features(about, set, source);
    FittedAdapter adapter{.kind = about.at("kind"),
                          .tensors = checkpoint.model,
                          .numbers = about.at("numbers").get<std::map<std::string, double>>(),
                          .settings = {},
                          .validation_acc1 = {}};
    if (about.contains("settings")) {
      for (const auto& [name, value] : about["settings"].items()) {
        adapter.settings.emplace_back(name, value.get<std::string>());
      }
    }
    if (about.contains("validation_acc1")) adapter.validation_acc1 = about["validation_acc1"];
    return adapter;
  });
}

void check_features(const Checkpoint& checkpoint, const FeatureSet& set,
                    const std::string& source) {
  with_about(checkpoint, source,
             [&](const ordered_json& about) { compare_features(about, set, source); });
}

}  // namespace tandem
