// Retrieval on precomputed features.
#pragma once

#include "train/evaluate/retrieval.h"
#include "train/features/feature_set.h"

#include <string>

namespace tandem {

// Between the pictures of a split ("": all of a set without splits) and their captions; in a set
// without captions, between pictures and the classes' texts: all pictures of a class are right for
// its text, and pictures without a label are wrong for every one. Both sides are held in memory.
// Throws ConfigError for a split that is not there and a set with neither texts.
RetrievalResult retrieve(const FeatureSet& set, const std::string& split);

}  // namespace tandem
