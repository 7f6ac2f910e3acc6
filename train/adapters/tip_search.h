// The choice of Tip-Adapter's alpha and beta on validation pictures.
#pragma once

#include "train/adapters/adapter_data.h"
#include "train/adapters/fitted_adapter.h"
#include "train/config/adapter_config.h"

namespace tandem {

struct TipChoice {
  double alpha = 0;
  double beta = 0;
  double validation_acc1 = 0;
};

// Tries 200 betas up to beta_max with 20 alphas up to alpha_max, from 0.1 in equal steps, as the
// paper's program does (which looks at test pictures). Takes the pair that gets most validation
// pictures right; of equal ones, which are many where pictures are few, the one with the least
// cross entropy. The adapter's own numbers are tried too.
TipChoice search_tip(const FittedAdapter& adapter, const LabelledRows& validation,
                     const TipAdapterConfig& config, Device& device);

}  // namespace tandem
