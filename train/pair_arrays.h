// What a training step is given, as the device takes it.
#pragma once

#include "models/text_transformer.h"

namespace tandem {

// N pairs, or N pictures and the texts of K classes.
struct PairArrays {
  std::vector<float> pixels;         // [N, 3, H, W]
  std::vector<float> features;       // [N, E] in their place, where the model has no image tower
  std::vector<int32_t> kept_tokens;  // with patch dropout: see VisionTransformer::kept_input
  TextArrays texts;                  // ids [N, T] or [K, T], and what TextArrays::prepare adds
  std::vector<int32_t> labels;       // [N] with classes

  Feeds feeds() const;
};

// The numbers of a step besides its batch.
struct StepNumbers {
  std::vector<float> hyper;           // see optimizer_numbers
  std::vector<int32_t> dropout_seed;  // [5], see dropout(); empty where nothing is dropped

  void add_to(Feeds& feeds) const;
};

}  // namespace tandem
