// The keys of models/clip_config.h; see fields.h.
#pragma once

#include "models/clip_config.h"
#include "train/config/rule.h"

namespace tandem {

template <class V>
void visit_fields(V& v, NormKwargs& c) {
  v.field("eps", c.eps, above(0, 1), "added to the variance; SigLIP's is 1e-6");
}

template <class V>
void visit_fields(V& v, ActKwargs& c) {
  v.field("approximate", c.approximate, one_of({"none", "tanh"}),
          "the exact GELU, or its approximation by tanh");
}

template <class V>
void visit_fields(V& v, VisionConfig& c) {
  v.field("image_size", c.image_size, between(1, 8192), "pixels a side");
  v.field("patch_size", c.patch_size, between(1, 8192),
          "pixels a side; divides `image_size` unless `crop_to_patches` is set");
  v.field("width", c.width, between(1, 65536), "channels of the image tower");
  v.field("layers", c.layers, between(1, 1024), "transformer blocks");
  v.field("head_width", c.head_width, between(1, 65536),
          "channels of one attention head; divides `width`");
  v.field("mlp_ratio", c.mlp_ratio, above(0, 64), "hidden channels of the MLP over `width`");
  v.field("patch_dropout", c.patch_dropout, below(0, 1),
          "share of a picture's patches left out of a training step, others in each epoch");
  v.field("crop_to_patches", c.crop_to_patches, any(),
          "leave out the pixels at the right and lower edge that make no whole patch");
  v.field("patch_bias", c.patch_bias, any(), "a bias in the patch embedding, as SigLIP has it");
  v.field("class_token", c.class_token, any(),
          "a learnt token before the patches; SigLIP has none");
  v.field("no_ln_pre", c.no_ln_pre, any(), "no norm before the first block, as SigLIP has it");
  v.field("pool_type", c.pool_type, one_of({"tok", "map"}),
          "the embedding is taken at the class token, or by attention over all patches (SigLIP)");
  v.field("proj_type", c.proj_type, one_of({"linear", "none"}),
          "`none`: what is pooled is the embedding, `width` is `embed_dim` (SigLIP)");
  v.section("norm_kwargs", c.norm_kwargs, "of the norms");
  v.section("act_kwargs", c.act_kwargs, "of the GELU");
  v.field("weight_init", c.weight_init, one_of({"torch", "timm"}),
          "PyTorch's defaults, as open_clip starts CLIP's image tower, or as timm starts SigLIP's");
}

template <class V>
void visit_fields(V& v, TextConfig& c) {
  v.field("context_length", c.context_length, between(2, 65536),
          "tokens of a caption, start and end tokens included");
  v.field("vocab_size", c.vocab_size, between(2, 1 << 24), "rows of the token table");
  v.field("width", c.width, between(1, 65536), "channels of the text tower");
  v.field("heads", c.heads, between(1, 65536), "attention heads; divides `width`");
  v.field("layers", c.layers, between(1, 1024), "transformer blocks");
  v.field("mlp_ratio", c.mlp_ratio, above(0, 64), "hidden channels of the MLP over `width`");
  v.field("pool_type", c.pool_type, one_of({"argmax", "last"}),
          "where a text's embedding is taken: at its first end token, the largest id, or at the "
          "last token, as SigLIP does");
  v.field("no_causal_mask", c.no_causal_mask, any(),
          "let tokens see those after them, as SigLIP does");
  v.field("proj_type", c.proj_type, one_of({"linear", "none"}),
          "`none`: what is pooled is the embedding, `width` is `embed_dim`");
  v.field("proj_bias", c.proj_bias, any(), "a bias in the projection, as SigLIP has it");
  v.section("norm_kwargs", c.norm_kwargs, "of the norms");
  v.section("act_kwargs", c.act_kwargs, "of the GELU; SigLIP 2's is `tanh`");
  v.field("hf_tokenizer_name", c.hf_tokenizer_name, any(),
          "whose tokenizer published weights need; `data.tokenizer.file` gives a run's");
}

template <class V>
void visit_fields(V& v, ClipConfig& c) {
  v.field("embed_dim", c.embed_dim, between(1, 65536), "channels of the shared embedding");
  v.field("quick_gelu", c.quick_gelu, any(),
          "x sigmoid(1.702 x) as activation, as OpenAI's weights need, in place of GELU");
  v.section("vision_cfg", c.vision_cfg, "the image tower, a ViT");
  v.section("text_cfg", c.text_cfg, "the text tower, a transformer");
  v.field("init_logit_scale", c.init_logit_scale, between(-20, 20),
          "logarithm of the first logit scale; log 10 with `train.loss: siglip`");
  v.field("init_logit_bias", c.init_logit_bias, between(-1000, 1000),
          "first logit bias; the model has none if not set; -10 with `train.loss: siglip`");
}

}  // namespace tandem
