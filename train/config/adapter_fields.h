// The keys of `adapter` and `data.few_shot`; see fields.h.
#pragma once

#include "train/config/adapter_config.h"
#include "train/config/rule.h"
#include "train/config/tuning_fields.h"

namespace tandem {

template <class V>
void visit_fields(V& v, FewShotConfig& c) {
  v.field("shots", c.shots, between(0, 1e9),
          "pictures a class to learn from, drawn by `seed` from `data.split`; 0: all of it");
  v.field("val_shots", c.val_shots, between(0, 1e9),
          "pictures a class to choose on, drawn likewise, or with `train.loss: cross_entropy` to "
          "watch accuracy on; 0: as many as `shots`, at most 4");
  v.field("val_split", c.val_split, any(), "the split to choose on, in place of drawn pictures");
  v.field("test_split", c.test_split, any(), "the split to test on; what is left unless given");
  v.field("base_to_new", c.base_to_new, any(),
          "learn the first half of the classes, and test both halves apart");
}

template <class V>
void visit_fields(V& v, LinearProbeConfig& c) {
  v.field("weight_decay", c.weight_decay, between(0, 1e12),
          "of the logistic regression; chosen on validation pictures unless given");
}

template <class V>
void visit_fields(V& v, ClipAdapterConfig& c) {
  v.field("reduction", c.reduction, between(1, 65536), "hidden channels are the features' over it");
  v.field("ratio", c.ratio, between(0, 1),
          "share of the adapted feature; the rest is the original one");
}

template <class V>
void visit_fields(V& v, TipAdapterConfig& c) {
  v.field("alpha", c.alpha, between(0, 1000), "weight of the cache against the class texts");
  v.field("beta", c.beta, between(0, 1000), "sharpness of the cache's similarities");
  v.field("search", c.search, any(), "choose both on the validation pictures");
  v.field("alpha_max", c.alpha_max, above(0, 1000),
          "largest `alpha` that is tried; twice as much while the largest is the best");
  v.field("beta_max", c.beta_max, above(0, 1000), "largest `beta` that is tried");
}

template <class V>
void visit_fields(V& v, ProjectionConfig& c) {
  v.field("side", c.side, one_of({"text", "image", "both"}), "whose features are mapped");
  v.field("test_share", c.test_share, below(0, 1),
          "share of pictures to test on, drawn where the features have no splits");
  v.field("val_share", c.val_share, below(0, 1), "likewise, to choose the epoch on");
}

template <class V>
void visit_fields(V& v, AdapterConfig& c) {
  v.field("kind", c.kind,
          one_of({"none", "zero_shot", "linear_probe", "clip_adapter", "tip_adapter",
                  "tip_adapter_f", "projection", "lora", "ia3", "bias", "layer_norm", "coop",
                  "cocoop", "vpt", "maple"}),
          "`none`: the model itself is trained; up to `projection`: on features; the others are "
          "parts of the model, whose own parameters are frozen");
  v.field("base", c.base, any(),
          "checkpoint or run whose model makes the features of `data.table`, once; or weights that "
          "training starts from, of any kind that `tandem convert` reads");
  v.field("templates", c.templates, any(),
          "a text file with a prompt a line, {} for the class; `a photo of a {}.` unless given");
  v.field("logit_scale", c.logit_scale, above(0, 1e6),
          "what cosines with class texts are multiplied by");
  v.field("augment_passes", c.augment_passes, between(1, 1000),
          "over the pictures to learn from, as `data.augment` changes them; features are averaged");
  v.section("linear_probe", c.linear_probe, "for its kind");
  v.section("clip_adapter", c.clip_adapter, "for its kind");
  v.section("tip_adapter", c.tip_adapter, "for `tip_adapter` and `tip_adapter_f`");
  v.section("projection", c.projection, "for its kind");
  v.field("base_sha256", c.base_sha256, any(),
          "what the base's values must be, by their SHA-256; filled in when a run begins");
  v.field("also_train", c.also_train, any(),
          "patterns of the model's own parameters that are trained, too, as `logit_scale`");
  v.section("lora", c.lora, "for its kind");
  v.section("ia3", c.ia3, "for its kind");
  v.section("coop", c.coop, "for `coop` and `cocoop`");
  v.section("vpt", c.vpt, "for its kind");
  v.section("maple", c.maple, "for its kind");
}

}  // namespace tandem
