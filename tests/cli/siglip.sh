#!/usr/bin/env bash
# A model with SigLIP's towers by the program: trained, evaluated, converted, adapted.
#   tests/cli/siglip.sh PATH/TO/tandem
set -u
tandem=$1
. "$(dirname "$0")/expect.sh"

good_run
cat >siglip.json <<'JSON'
{"embed_dim": 16, "init_logit_bias": -10, "custom_text": true,
 "vision_cfg": {"image_size": 8, "patch_size": 3, "crop_to_patches": true, "width": 16,
   "layers": 1, "head_width": 8, "mlp_ratio": 3.7362, "patch_bias": true, "class_token": false,
   "no_ln_pre": true, "pool_type": "map", "proj_type": "none", "norm_kwargs": {"eps": 1e-6},
   "weight_init": "timm"},
 "text_cfg": {"context_length": 8, "vocab_size": 560, "width": 16, "heads": 2, "layers": 1,
   "no_causal_mask": true, "proj_bias": true, "pool_type": "last", "norm_kwargs": {"eps": 1e-6},
   "act_kwargs": {"approximate": "tanh"}, "tokenizer_kwargs": {"clean": "canonicalize"}}}
JSON
train() { "$tandem" train good.yaml --set model=siglip.json --set train.loss=siglip "$@"; }
newest() { ls "$1"/checkpoints/*.h5 | tail -1; }

expect 0 'report: ' train --run run
expect 0 'R@1' "$tandem" eval run --device cpu
expect 0 'report: ' train --set train.grad_checkpointing=true --run again
expect 0 'bit-equal' "$tandem" checkpoint diff "$(newest run)" "$(newest again)"
expect 0 'report: ' train --set model.vision_cfg.patch_dropout=0.5 --set train.accum_freq=2 --run part
expect 0 'largest batch in 1.00 GiB' \
  "$tandem" plan good.yaml --set model=siglip.json --device gpu --device-memory 1GiB
expect 2 'class_token is true; set it to false' train --set model.vision_cfg.class_token=true --run r1

# Files of others.
expect 0 'pooled by attention' "$tandem" convert run open_clip.safetensors
expect 0 'visual.trunk.attn_pool.kv.weight' grep -ao 'visual.trunk.attn_pool.kv.weight' \
  open_clip.safetensors
expect 0 "image tower: timm's names" "$tandem" convert open_clip.safetensors a.h5
expect 0 'wrote hf.safetensors' "$tandem" convert a.h5 hf.safetensors --layout huggingface
expect 0 'vision_model.head.probe' grep -ao 'vision_model.head.probe' hf.safetensors
expect 0 'exact GELU in the image tower, by tanh in the text tower' \
  "$tandem" convert hf.safetensors b.h5
expect 0 'bit-equal' "$tandem" checkpoint diff a.h5 b.h5
expect 0 '2 x 2 resized to 4 x 4' "$tandem" convert run large.h5 --image-size 13

# Adapters.
on_run() { train --set adapter.base=run "$@"; }
expect 0 'report: ' on_run --set adapter.kind=lora \
  --set 'adapter.lora.targets=visual.*.attn.{q,v} visual.attn_pool.* text_projection' --run lora
expect 0 'wrote merged.h5' "$tandem" adapter merge lora merged.h5
"$tandem" eval lora --device cpu --json | grep R@ >of_adapter
"$tandem" eval merged.h5 --device cpu --json | grep R@ >of_merged
expect 0 'R@10' diff -y of_adapter of_merged
expect 2 'vpt, whose tokens stand behind a class token' on_run --set adapter.kind=vpt --run r2
expect 0 'report: ' train --set train.lock_image=true --set train.lock_text=true \
  --set train.lock_image_unlocked_groups=1 --set train.lock_text_unlocked_layers=1 \
  --set "train.checkpoint_every='2'" --run heads
moved() { "$tandem" checkpoint diff heads/checkpoints/step_0000000{2,4}.h5; }
expect 1 'model/visual.attn_pool.latent +max abs difference' moved
expect 1 'model/text_projection.weight +max abs difference' moved
expect 1 'model/visual.conv1.weight +bit-equal' moved

conclude
