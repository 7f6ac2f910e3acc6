// The evaluations of a run's config, and of the pictures that few-shot training is watched on, each
// ready to be made at any step.
#pragma once

#include "train/evaluate/class_evaluation.h"
#include "train/run_data.h"
#include "train/run_output.h"
#include "train/run_report.h"

#include <memory>
#include <vector>

namespace tandem {

class RunEvaluations {
 public:
  static constexpr int64_t chunk = 64;  // pictures or captions encoded at a time

  // Opens the split of each. `variables` and `data` must outlive this. Throws ConfigError.
  RunEvaluations(const RunConfig& config, Variables& variables, const RunData& data);

  bool empty() const { return !classes_ && open_.empty(); }

  // Evaluates all after `step` steps, which are `epoch` passes over the data, then writes a line of
  // metrics and of news each. Nothing, and no line, where a signal came to stop (StopSignals).
  // Throws DataError for a picture that can't be read, DivergedError for features that are not
  // finite.
  std::optional<std::vector<NamedEvaluation>> evaluate_all(int64_t step, double epoch,
                                                           RunOutput& output);

  // The lines of metrics that the last evaluate_all wrote.
  const std::vector<MetricsRecord>& lines() const { return lines_; }

  // What the report shows of results of evaluate_all; both must outlive what is returned.
  std::vector<ReportedEvaluation> reported(const std::vector<NamedEvaluation>& results);

 private:
  struct Open {
    std::string name;
    std::unique_ptr<EvalSet> set;
  };

  std::string evaluate_classes();
  std::string evaluate_open(const Open& open, std::vector<NamedEvaluation>& results);

  ClipConfig model_;
  Variables& variables_;
  std::optional<ClassEvaluation> classes_;
  std::vector<Open> open_;
  std::vector<MetricsRecord> lines_;
  std::unique_ptr<Encoder> encoder_;  // compiled when first needed
};

}  // namespace tandem
