// In place of train/tuning/model_names.cpp, which builds the model with the whole engine: patterns
// of a config are held against the names of a small one.
#include "train/tuning/adaptation.h"

namespace tandem {

ModelNames names_of(const ClipConfig&) {
  const std::vector<std::string> parameters{"visual.proj", "visual.conv1.weight",
                                            "transformer.resblocks.0.ln_1.bias", "logit_scale"};
  return {.base = parameters,
          .trained = parameters,
          .targets = {"visual.transformer.resblocks.0.attn.q", "transformer.resblocks.0.mlp.c_fc"}};
}

}  // namespace tandem
