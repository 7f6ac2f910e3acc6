// What is trained on top of a model in place of the model itself, one struct a family, and the
// few-shot protocol. Plain values, as in run_config.h.
#pragma once

#include "train/config/tuning_config.h"

#include <cstdint>
#include <optional>
#include <string>

namespace tandem {

// Which pictures an adapter learns from (train/features/few_shot.h). With shots, those to learn
// from and to choose on are drawn by the run's seed; else they are whole splits.
struct FewShotConfig {
  int64_t shots = 0;       // pictures a class to learn from, of data.split; 0: all of it
  int64_t val_shots = 0;   // pictures a class to choose on; 0: as many as shots, at most 4
  std::string val_split;   // what is chosen on, in place of drawn pictures
  std::string test_split;  // empty: what is left
  bool base_to_new = false;  // learn the first half of the classes, test both halves

  bool operator==(const FewShotConfig&) const = default;
};

// Logistic regression on image features.
struct LinearProbeConfig {
  std::optional<double> weight_decay;  // not set: chosen on the validation pictures

  bool operator==(const LinearProbeConfig&) const = default;
};

// CLIP-Adapter (Gao et al. 2021).
struct ClipAdapterConfig {
  int64_t reduction = 4;  // hidden channels are the features' over it
  double ratio = 0.2;     // share of the adapted feature; the rest is the original one

  bool operator==(const ClipAdapterConfig&) const = default;
};

// Tip-Adapter and Tip-Adapter-F (Zhang et al. 2022).
struct TipAdapterConfig {
  double alpha = 1.17;  // weight of the cache
  double beta = 1;      // sharpness of the cache's similarities
  bool search = true;   // choose both on the validation pictures, up to:
  double alpha_max = 3;
  double beta_max = 7;

  bool operator==(const TipAdapterConfig&) const = default;
};

// A learnt linear map of frozen features, trained with the contrastive loss (as Zhai et al. 2022,
// LiT, trains a text tower against frozen image features).
struct ProjectionConfig {
  std::string side = "text";  // "text", "image" or "both": whose features are mapped
  double test_share = 0.2;    // of the pictures, drawn where the features have no splits
  double val_share = 0.1;     // likewise, to choose the epoch on

  bool operator==(const ProjectionConfig&) const = default;
};

struct AdapterConfig {
  std::string kind = "none";
  std::string base;       // checkpoint or run that makes the features of data.table
  std::string templates;  // file of prompts for the class names; empty: 'a photo of a {}.'
  double logit_scale = 100;    // what cosines with class texts are multiplied by
  int64_t augment_passes = 1;  // over the pictures to learn from, whose features are averaged
  LinearProbeConfig linear_probe;
  ClipAdapterConfig clip_adapter;
  TipAdapterConfig tip_adapter;
  ProjectionConfig projection;
  std::string base_sha256;  // of the base's values; filled in when a run begins
  std::string also_train;   // patterns of parameters that are trained besides the adapter's
  LoraKeys lora;
  Ia3Keys ia3;
  CoopKeys coop;
  VptKeys vpt;
  MapleKeys maple;

  bool operator==(const AdapterConfig&) const = default;

  // Whether it is a part of the model, whose own parameters are frozen.
  bool in_model() const { return kind != "none" && !on_features(); }

  // Whether it learns tokens in place of words.
  bool learns_contexts() const { return kind == "coop" || kind == "cocoop" || kind == "maple"; }

  // Whether it works on features, computed once, rather than inside the model.
  bool on_features() const {
    return kind == "zero_shot" || kind == "linear_probe" || kind == "clip_adapter" ||
           kind == "tip_adapter" || kind == "tip_adapter_f" || kind == "projection";
  }
};

}  // namespace tandem
