// The classification tasks of `tandem eval`. Whatever is chosen is chosen on the validation rows,
// by functions that are not given the test rows; those are looked at once, in the end.
#pragma once

#include "train/evaluate/classification.h"
#include "train/evaluate/knn_probe.h"
#include "train/evaluate/probe_data.h"

#include <string>
#include <utility>
#include <vector>

namespace tandem {

struct ProbeResult {
  Classification test;
  std::vector<std::pair<std::string, std::string>> settings;  // "k" "20": given or chosen
  std::optional<double> validation_acc1;  // of those settings, where they were chosen
};

// A set of class texts to classify by, from one file of templates.
struct ClassTexts {
  std::string name;
  std::vector<float> features;  // [K, E], unit rows
};

// Zero-shot on `test`; of several candidates, by the best on `validation`, which must be given
// then. The first of equal ones.
ProbeResult probe_zero_shot(const std::vector<ClassTexts>& candidates,
                            const LabelledRows* validation, const LabelledRows& test,
                            int64_t classes);

// kNN with each setting tried on the validation rows if there are several.
ProbeResult probe_knn(const ProbeData& data, int64_t classes,
                      const std::vector<KnnSetting>& settings, Device& device);

// Logistic regression; weight_decays as choose_weight_decay takes them. With validation rows the
// weight decay is chosen on them, and then fitted once more on training and validation rows
// together (Radford et al. 2021, appendix A.3); else it must be one.
ProbeResult probe_linear(const ProbeData& data, int64_t classes,
                         const std::vector<double>& weight_decays, Device& device);

}  // namespace tandem
