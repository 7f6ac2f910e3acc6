#include "train/run_evaluations.h"

namespace tandem {

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

std::vector<NamedEvaluation> RunEvaluations::evaluate_all(int64_t step, double epoch,
                                                          RunOutput& output) {
  if (!encoder_) encoder_ = std::make_unique<Encoder>(model_, variables_, chunk);
  std::vector<NamedEvaluation> results;
  lines_.clear();
  if (classes_) evaluate_classes(step, epoch, output);
  for (const Open& open : open_) {
    results.push_back({open.name, evaluate(*open.set, *encoder_)});
    const RetrievalResult& result = results.back().evaluation.result;
    MetricsRecord line{.step = step, .epoch = epoch, .kind = "eval", .name = open.name};
    line.values = retrieval_values(result);
    output.record(line, "eval/" + open.name + "/");
    lines_.push_back(std::move(line));
    output.say(summary(open.name, result));
  }
  return results;
}

void RunEvaluations::evaluate_classes(int64_t step, double epoch, RunOutput& output) {
  const Classification result = classes_->run(model_, *encoder_, variables_);
  MetricsRecord line{.step = step, .epoch = epoch, .kind = "eval", .name = class_validation};
  line.values = {{"acc1", result.acc1.value},
                 {"mean_per_class_recall", result.mean_per_class_recall.value}};
  output.record(line, "eval/" + line.name + "/");
  output.say(fmt::format("{} ({} pictures of {} classes): acc1 {:.1f} %, mean per class {:.1f} %",
                         line.name, result.pictures, classes_->classes(model_),
                         100 * result.acc1.value, 100 * result.mean_per_class_recall.value));
  lines_.push_back(std::move(line));
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
