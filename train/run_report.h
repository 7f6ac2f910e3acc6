// The report of a run, from what its folder holds and its evaluations.
#pragma once

#include "autograd/program.h"
#include "train/evaluate/evaluate.h"
#include "train/run_folder.h"

#include <string>
#include <vector>

namespace tandem {

struct NamedEvaluation {
  std::string name;
  Evaluation evaluation;
};

// One evaluation to show; both are the caller's.
struct ReportedEvaluation {
  std::string name;
  const Evaluation* evaluation = nullptr;
  EvalSet* set = nullptr;
};

struct ReportInput {
  RunConfig config;
  RunFolder folder;
  DeviceInfo device;
  std::vector<ReportedEvaluation> evaluations;
  int64_t parameters = 0;
  size_t planned_bytes = 0;  // 0: not known
};

// Writes folder.report(). Throws DataError.
void write_run_report(const ReportInput& input);

// "seen_fluent (1062 pictures): picture to caption R@1 12.3 %, R@5 ...; caption to picture ..."
std::string summary(const std::string& name, const RetrievalResult& result);

}  // namespace tandem
