// Results of `tandem eval` as text and as JSON, in CLIP_benchmark's names.
#pragma once

#include "train/evaluate/probes.h"
#include "train/evaluate/retrieval.h"

#include <nlohmann/json.hpp>

#include <string>

namespace tandem {

// {"image_to_text_R@1": 0.1, "image_to_text_R@1_interval": [0.08, 0.12], ..., "pictures": 100, ...}
nlohmann::ordered_json retrieval_json(const RetrievalResult& result);

// {"acc1": ..., "acc1_interval": [...], ..., "settings": {...}, "classes": [{"name": ...}, ...]}
nlohmann::ordered_json probe_json(const ProbeResult& result, const FeatureSet& set);

// A line that says what was tested and chosen, then one for each figure.
std::string probe_text(const std::string& task, const std::string& split,
                       const ProbeResult& result);

}  // namespace tandem
