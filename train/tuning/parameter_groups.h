// How each trained parameter is updated: its learning rate, weight decay and bounds.
#pragma once

#include "autograd/ops/optimizer.h"
#include "train/config/run_config.h"

namespace tandem {

struct ParameterGroups {
  std::vector<UpdateGroup> groups;
  std::vector<int> group_of;  // of each parameter
};

// Of the parameters, by the config's param_groups and layer_decay. Weight decay is for parameters
// with two axes or more; logit_scale stays in [0, ln 100] (Radford et al. 2021, section 2.5).
ParameterGroups parameter_groups(const std::vector<Variable>& parameters, const ClipConfig& model,
                                 const TrainConfig& train);

// Steps from a parameter to its tower's end: 0 for a projection, a final norm and what is in no
// tower; L - i for block i of L; L + 1 for embeddings (Clark et al. 2020, ELECTRA, section 3.2;
// Bao et al. 2022, BEiT, appendix).
int64_t layers_above(const std::string& name, const ClipConfig& model);

}  // namespace tandem
