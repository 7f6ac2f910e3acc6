#include "train/tuning/parameter_groups.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tandem {

namespace {

bool same(const UpdateGroup& a, const UpdateGroup& b) {
  return a.lr_factor == b.lr_factor && a.weight_decay == b.weight_decay && a.lower == b.lower &&
         a.upper == b.upper;
}

UpdateGroup group_of(const Variable& parameter, const ClipConfig& model, const TrainConfig& train) {
  UpdateGroup group{.lr_factor = std::pow(train.layer_decay,
                                         static_cast<double>(layers_above(parameter.name, model))),
                   .weight_decay = train.wd};
  for (const ParamGroupConfig& own : train.param_groups) {
    if (!Patterns(own.pattern).match(parameter.name)) continue;
    group.lr_factor *= own.lr;
    group.weight_decay = own.wd.value_or(train.wd);
    break;
  }
  if (parameter.type.shape.rank() < 2) group.weight_decay = 0;
  if (parameter.name == "logit_scale") {
    group.lower = 0;
    group.upper = std::log(100.0);
  }
  return group;
}

}  // namespace

int64_t layers_above(const std::string& name, const ClipConfig& model) {
  const bool image = name.starts_with("visual.");
  const int64_t layers = image ? model.vision_cfg.layers : model.text_cfg.layers;
  const std::string blocks = image ? "visual.transformer.resblocks." : "transformer.resblocks.";
  if (name.starts_with(blocks)) {
    int64_t block = 0;
    std::from_chars(name.data() + blocks.size(), name.data() + name.size(), block);
    return layers - block;
  }
  static const Patterns embeddings(
      "visual.{conv1.*,class_embedding,positional_embedding,ln_pre.*} token_embedding.* "
      "positional_embedding prompt.*");
  return embeddings.match(name) ? layers + 1 : 0;
}

ParameterGroups parameter_groups(const std::vector<Variable>& parameters, const ClipConfig& model,
                                 const TrainConfig& train) {
  ParameterGroups result;
  for (const Variable& parameter : parameters) {
    const UpdateGroup group = group_of(parameter, model, train);
    const auto known = std::find_if(result.groups.begin(), result.groups.end(),
                                    [&](const UpdateGroup& one) { return same(one, group); });
    result.group_of.push_back(static_cast<int>(known - result.groups.begin()));
    if (known == result.groups.end()) result.groups.push_back(group);
  }
  return result;
}

}  // namespace tandem
