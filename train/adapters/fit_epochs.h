// The epochs that an adapter on features is trained by: the best one is kept, and a fit that was
// stopped goes on with the same bits.
#pragma once

#include "autograd/variables.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

// Values of variables by name.
using VariableValues = std::map<std::string, std::vector<float>>;

struct FitEpoch {
  int64_t epoch = 0;  // from 1
  int64_t step = 0;   // done so far
  double loss = 0;    // mean over the epoch
  double lr = 0;      // of its last step
  double gradient_norm = 0;          // likewise
  std::optional<double> validation;  // share that is right, with validation pictures
  std::optional<double> validation_loss;

  bool operator==(const FitEpoch&) const = default;
};

// Where a fit stands after an epoch.
struct FitState {
  FitEpoch last, best;
  VariableValues now;   // the parameters and the optimizer's state
  VariableValues kept;  // the parameters of the best epoch
};

// Who follows a fit. This one does nothing.
class FitWatcher {
 public:
  virtual ~FitWatcher() = default;

  // What a fit that was stopped goes on from.
  virtual std::optional<FitState> stopped_before() { return std::nullopt; }

  // After each epoch; `state` copies from the device. With `stopping` the fit ends then.
  virtual void after_epoch(const FitEpoch& /*epoch*/,
                           const std::function<FitState()>& /*state*/, bool /*stopping*/) {}
};

// A signal asked the fit to stop.
struct FitStopped {
  std::string signal;
};

struct FitResult {
  int64_t epoch = 0;  // whose parameters were kept
  std::optional<double> validation;
  VariableValues trained;
};

// Runs epochs 0 to `epochs` - 1 by `epoch`, which trains one and scores it. Kept are the parameters
// `trained` of the epoch that gets most of the validation pictures right, of equal ones with the
// least loss there; without such pictures those of the last. Where a signal (StopSignals) came, it
// throws FitStopped after the epoch.
FitResult run_epochs(int64_t epochs, const std::vector<std::string>& trained,
                     Variables& variables, const std::function<FitEpoch(int64_t)>& epoch,
                     FitWatcher& watcher);

}  // namespace tandem
