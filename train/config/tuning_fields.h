// The keys of tuning_config.h; see fields.h.
#pragma once

#include "train/config/rule.h"
#include "train/config/tuning_config.h"

namespace tandem {

template <class V>
void visit_fields(V& v, ParamGroupConfig& c) {
  v.field("pattern", c.pattern, any(),
          "names of parameters, with `*`, `?` and `{a,b}`; several patterns have spaces between");
  v.field("lr", c.lr, between(0, 1000), "a factor of `train.lr`");
  v.field("wd", c.wd, between(0, 1000), "in place of `train.wd`");
}

template <class V>
void visit_fields(V& v, LoraKeys& c) {
  v.field("rank", c.rank, between(1, 65536), "rows of A, columns of B");
  v.field("alpha", c.alpha, above(0, 1e6), "B A is multiplied by `alpha` / `rank`");
  v.field("rslora", c.rslora, any(), "by `alpha` over the square root of `rank` instead");
  v.field("dora", c.dora, any(), "DoRA: learn the lengths of the weights' rows, too");
  v.field("dropout", c.dropout, below(0, 1), "share of the inputs of A dropped while training");
  v.field("targets", c.targets, any(),
          "linear layers, as `visual.*.attn.{q,v}`; their names end in `attn.` (`attn_pool.` where "
          "SigLIP pools) and `q`, `k`, `v` or `out_proj`, or in `mlp.c_fc` or `mlp.c_proj`");
}

template <class V>
void visit_fields(V& v, Ia3Keys& c) {
  v.field("targets", c.targets, any(), "linear layers, as `adapter.lora.targets`");
}

template <class V>
void visit_fields(V& v, CoopKeys& c) {
  v.field("contexts", c.contexts, between(1, 1024),
          "learnt vectors in a text; with `words` as many as they have tokens, filled in when a run "
          "begins");
  v.field("words", c.words, any(),
          "what the vectors start from, as `a photo of a`; random numbers unless given");
  v.field("position", c.position, one_of({"end", "middle", "front"}),
          "where the class's name stands");
  v.field("class_specific", c.class_specific, any(), "each class has contexts of its own");
}

template <class V>
void visit_fields(V& v, VptKeys& c) {
  v.field("tokens", c.tokens, between(1, 65536), "learnt tokens beside the patches");
  v.field("depth", c.depth, between(1, 1024), "blocks with tokens of their own; 1: shallow");
}

template <class V>
void visit_fields(V& v, MapleKeys& c) {
  v.field("contexts", c.contexts, between(1, 1024), "learnt tokens of either tower");
  v.field("depth", c.depth, between(1, 1024), "blocks with tokens of their own");
}

}  // namespace tandem
