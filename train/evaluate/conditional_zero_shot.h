// Zero-shot classification by a model whose class texts are shifted for each picture (Zhou et al.
// 2022, CoCoOp, section 3.2).
#pragma once

#include "train/features/feature_set.h"
#include "train/loaded_model.h"

#include <string>
#include <vector>

namespace tandem {

// The rank of every picture's right class, by the texts of `text` with each class's name in it.
// The features are the model's own. Throws as Program does.
std::vector<int32_t> conditional_ranks(const LabelledRows& pictures,
                                       const std::vector<std::string>& classes,
                                       const std::string& text, LoadedModel& model);

}  // namespace tandem
