#include "train/adapters/fit_epochs.h"

#include "train/optimizer.h"
#include "train/signals.h"

namespace tandem {
namespace {

bool is_better(const FitEpoch& a, const FitEpoch& b) {
  if (a.validation != b.validation) return a.validation > b.validation;
  return !a.validation || a.validation_loss < b.validation_loss;
}

VariableValues values_of(const Variables& variables, const std::vector<std::string>& names) {
  VariableValues values;
  for (const std::string& name : names) values[name] = variables.get(name);
  return values;
}

}  // namespace

FitResult run_epochs(int64_t epochs, const std::vector<std::string>& trained, Variables& variables,
                     const std::function<FitEpoch(int64_t)>& epoch, FitWatcher& watcher) {
  FitState state;
  if (std::optional<FitState> before = watcher.stopped_before()) state = std::move(*before);
  for (const auto& [name, values] : state.now) variables.set(name, values);
  const auto copied = [&] {
    std::vector<std::string> names = trained;
    for (const OptimizerState& one : optimizer_states(variables)) names.push_back(one.variable);
    state.now = values_of(variables, names);
    return state;
  };
  while (state.last.epoch < epochs) {
    state.last = epoch(state.last.epoch);
    if (state.last.epoch == 1 || is_better(state.last, state.best)) {
      state.best = state.last;
      state.kept = values_of(variables, trained);
    }
    const bool stopping = StopSignals::requested() && state.last.epoch < epochs;
    watcher.after_epoch(state.last, copied, stopping);
    if (stopping) throw FitStopped{StopSignals::name()};
  }
  return {state.best.epoch, state.best.validation, std::move(state.kept)};
}

}  // namespace tandem
