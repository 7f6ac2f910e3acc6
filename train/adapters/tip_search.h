// The choice of Tip-Adapter's alpha and beta on validation pictures.
#pragma once

#include "train/adapters/adapter_data.h"
#include "train/adapters/fitted_adapter.h"
#include "train/config/adapter_config.h"

namespace tandem {

struct TipChoice {
  double alpha = 0;
  double beta = 0;
  double validation_acc1 = -1;
  double validation_loss = 0;  // cross entropy

  // Whether it gets more right, or as many with less loss.
  bool better_than(const TipChoice& other) const {
    if (validation_acc1 != other.validation_acc1) return validation_acc1 > other.validation_acc1;
    return validation_loss < other.validation_loss;
  }
};

// Tries 200 betas up to beta_max with 20 alphas up to alpha_max, from 0.1 in equal steps, as the
// paper's program does (which looks at test pictures), then up to twice the alpha while the largest
// is the best, 1000 at most. Takes the pair that gets most validation pictures right; of equal ones,
// which are many where pictures are few, the one with the least cross entropy. The adapter's own
// numbers are tried too.
TipChoice search_tip(const FittedAdapter& adapter, const LabelledRows& validation,
                     const TipAdapterConfig& config, Device& device);

}  // namespace tandem
