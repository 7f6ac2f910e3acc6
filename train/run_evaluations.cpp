#include "train/run_evaluations.h"

#include "train/signals.h"

namespace tandem {
namespace {

struct Stopped {};

void stop_if_asked() {
  if (StopSignals::requested()) throw Stopped();
}

}  // namespace

RunEvaluations::RunEvaluations(const RunConfig& config, Variables& variables,
                               const RunData& data)
    : model_(config.model), variables_(variables) {
  if (!data.validation().empty()) {
    classes_.emplace(open_rows(data.validation(), config.data, model_, data.tokenizer(),
                               data.features()),
                     labels_of(config, data.validation(), data.classes()->names),
                     data.classes()->ids);
  }
  for (const EvaluateConfig& evaluate : config.evaluate) {
    open_.push_back({name_of(evaluate), open_split(evaluate, config.data, model_,
                                                   data.tokenizer(), data.features())});
  }
}

std::optional<std::vector<NamedEvaluation>> RunEvaluations::evaluate_all(int64_t step, double epoch,
                                                                         RunOutput& output) {
  if (!encoder_) encoder_ = std::make_unique<Encoder>(model_, variables_, chunk, stop_if_asked);
  std::vector<NamedEvaluation> results;
  std::vector<std::string> news;
  lines_.clear();
  try {
    if (classes_) news.push_back(evaluate_classes());
    for (const Open& open : open_) news.push_back(evaluate_open(open, results));
  } catch (const Stopped&) {
    lines_.clear();
    return std::nullopt;
  }
  for (size_t i = 0; i < lines_.size(); ++i) {
    lines_[i].step = step;
    lines_[i].epoch = epoch;
    output.record(lines_[i], "eval/" + lines_[i].name + "/");
    output.say(news[i]);
  }
  return results;
}

std::string RunEvaluations::evaluate_open(const Open& open, std::vector<NamedEvaluation>& results) {
  results.push_back({open.name, evaluate(*open.set, *encoder_)});
  const RetrievalResult& result = results.back().evaluation.result;
  lines_.push_back({.kind = "eval", .name = open.name, .values = retrieval_values(result)});
  return summary(open.name, result);
}

std::string RunEvaluations::evaluate_classes() {
  const Classification result = classes_->run(model_, *encoder_, variables_);
  lines_.push_back({.kind = "eval",
                    .name = class_validation,
                    .values = {{"acc1", result.acc1.value},
                               {"mean_per_class_recall", result.mean_per_class_recall.value}}});
  return fmt::format("{} ({} pictures of {} classes): acc1 {:.1f} %, mean per class {:.1f} %",
                     class_validation, result.pictures, classes_->classes(model_),
                     100 * result.acc1.value, 100 * result.mean_per_class_recall.value);
}

std::vector<ReportedEvaluation> RunEvaluations::reported(
    const std::vector<NamedEvaluation>& results) {
  std::vector<ReportedEvaluation> all;
  for (size_t i = 0; i < results.size(); ++i) {
    all.push_back({results[i].name, &results[i].evaluation, open_[i].set.get()});
  }
  return all;
}

}  // namespace tandem
