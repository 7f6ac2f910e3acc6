#!/usr/bin/env bash
# What the program says and how it exits when it is given something wrong: one sentence with what,
# where and what to do; exit code 2 for usage and config, 1 for the rest.
#   tests/cli/run.sh PATH/TO/tandem
set -u
tandem=$1
pieces=$(cd "$(dirname "$0")/.." && pwd)/fixtures/text/pieces.model
. "$(dirname "$0")/expect.sh"

good_run
to_full_disk() { "$tandem" "$@" >/dev/full; }
variant() { sed "$2" good.yaml >"$1"; }
train() { "$tandem" train "$@"; }

expect 0 'report: ' train good.yaml --run good
expect 0 'R@1' "$tandem" eval good --device cpu
expect 0 '"image_to_text_R@1"' "$tandem" eval good --device cpu --json

# Classification and features. Six red pictures can't be told apart, so ties lose.
sed 's/"group":\([0-9]\)/"label":"number \1","split":"all"/' good.jsonl >classes.jsonl
sed '/number [12]"/s/,"split":"all"//' classes.jsonl >split.jsonl
grep -o 'number [0-9]' classes.jsonl | sort -u >names.txt
echo 'a {}' >a.txt
echo 'the {c}' >the.txt
eval_good() { "$tandem" eval good --device cpu --table classes.jsonl "$@"; }
expect 0 'mean_per_class_recall' eval_good --task zeroshot --split all
expect 0 '"templates": "a.txt"' eval_good --task zeroshot --split all --classes names.txt \
  --templates a.txt --json
expect 2 "the templates can't be chosen on split 'all', which is what is tested" \
  eval_good --task zeroshot --split all --templates a.txt --templates the.txt --validation-split all
expect 2 "--split" eval_good --task zeroshot
expect 2 "no split 'train' to learn from; name one with --train-split" \
  eval_good --task linear --split all --weight-decay 1
expect 2 "no split 'val' to choose the weight decay on; name one with --validation-split" \
  "$tandem" eval good --device cpu --table split.jsonl --task linear --split all
expect 2 'tested on what was learned from it' \
  eval_good --task knn --split all --train-split all --k 1
expect 0 'wrote features.h5: 6 pictures, 6 captions and 6 classes of width 8' \
  "$tandem" embed good --device cpu --table classes.jsonl --classes names.txt --out features.h5
expect 0 '"acc5": 0' "$tandem" eval features.h5 --task zeroshot --split all --device cpu --json
"$tandem" eval features.h5 --split all --device cpu --json | grep R@ >of_features
eval_good --split all --json | grep R@ >of_model
expect 0 'R@10' diff -y of_features of_model
"$tandem" embed good --device cpu --table split.jsonl --out two.h5 >/dev/null
expect 2 "there is no split 'val' to choose k" "$tandem" eval two.h5 --task knn --split train \
  --train-split all --temperature 0.07,1 --device cpu
expect 2 "class 'number 1' is tested but has no features to learn from" "$tandem" eval two.h5 \
  --task linear --weight-decay 0.1 --split train --train-split all --device cpu
expect 2 "weight decay can't be chosen on split 'train', which is what is tested" "$tandem" eval \
  two.h5 --task linear --split train --train-split all --validation-split train --device cpu
expect 2 "no split 'test'; the file has all" "$tandem" eval two.h5 --split test --device cpu
expect 2 'leave out --table' "$tandem" eval two.h5 --split all --classes names.txt --device cpu
expect 2 "there is no 'label'; the names are" "$tandem" eval two.h5 --name label=x --device cpu
head -2 names.txt >few.txt
expect 1 "classes.jsonl:3: the label 'number 2' is none of the 2 classes" \
  eval_good --task zeroshot --split all --classes few.txt
echo 'a photo' >placeless.txt
expect 2 'has no place for the class' eval_good --task zeroshot --split all --templates placeless.txt

# Usage and config.
expect 2 'A subcommand is required' "$tandem"
expect 0 'report: ' train --set train.epochs=1 good.yaml --run before
expect 0 'parameters ' "$tandem" plan --set train.epochs=1 good.yaml --device cpu
expect 0 'both .* by 2 threads' "$tandem" bench data --threads 1,2 good.yaml --seconds 0
expect 0 'wrote split.h5' "$tandem" embed --split train good --device cpu --out split.h5
expect 0 'R@1' "$tandem" eval --split train good --task retrieval --device cpu
expect 0 '^\[1/1\]' "$tandem" sweep --set train.epochs=1 good.yaml --run swept
expect 2 'frobnicate' "$tandem" frobnicate
expect 2 '^.*--threads: expected a whole number from 0, got -1$' train good.yaml --threads -1
expect 2 '--threads: expected a whole number from 0, got few' train good.yaml --threads few
expect 2 '--peak-tflops: expected a number above 0, got nan' \
  "$tandem" plan good.yaml --peak-tflops nan
expect 2 '--weight-decay: expected a number from 0, got -0.1' \
  eval_good --task linear --split all --weight-decay 1,-0.1
expect 2 '--warmup: expected a whole number from 0, got -1' \
  "$tandem" bench step --model model.yaml --warmup -1
expect 2 'missing.yaml: there is no such file' train missing.yaml
expect 2 'good: this is a folder; give the path of a YAML config' train good
expect 2 '/dev/null: this is no ordinary file' train /dev/null
variant typo.yaml 's/warmup/warmpu/'
expect 2 "typo.yaml:8: unknown key 'warmpu' in train; did you mean 'warmup'" train typo.yaml
variant type.yaml 's/epochs: 2/epochs: many/'
expect 2 'type.yaml:8:.*epochs.*many' train type.yaml
expect 2 'heads' train good.yaml --run r2 --set model.text_cfg.heads=3
expect 2 "device: 'vulkan:nothing' is not here; there are auto, cpu" \
  train good.yaml --run r3 --device vulkan:nothing
expect 2 'holds a run already' train good.yaml --run good
expect 2 "batch" train good.yaml --run r4 --set train.batch_size=7
expect 2 'split' "$tandem" eval good --split nowhere --device cpu

expect 0 'train.steps is 9, but train.epochs 2 ends the run after 4' \
  train good.yaml --run long --set train.steps=9
expect 0 'train.warmup is 5 steps, but the run has 4: it does not reach train.lr 0.0005' \
  train good.yaml --run cold --set train.warmup=5

printf '{"image":"\\u001b[2J\\u009b.png","caption":"x"}' >escape.jsonl
variant escape.yaml 's/good.jsonl/escape.jsonl/'
expect 1 'escape.jsonl:1: there is no picture \?\[2J\?\.png' train escape.yaml --run e1
printf 'data: {table: good.jsonl}\ndevice: cpu\nprecision: "\\x7f\\u009bx"\n' >escape.yaml
expect 2 "precision is the text \"\?\?x\"" train escape.yaml --run e2

# Steps that are not finite: the pictures are, divided by next to nothing.
overflow() {
  train good.yaml --set 'data.std=[1e-40,1e-40,1e-40]' --set train.epochs=9 "$@"
}
expect 1 "step 1: the loss is nan; the input 'pixels' holds inf at .*train.on_nonfinite: skip" \
  overflow --run s1
expect 1 'step 10: .*; it is the 10th such step in a row' \
  overflow --run s2 --set train.on_nonfinite=skip
expect 1 'step 1: .*; the run has gone back 5 times' \
  overflow --run s3 --set train.on_nonfinite=rollback
expect 2 'on_nonfinite.*stop, skip, rollback' overflow --run s4 --set train.on_nonfinite=pray

# SentencePiece.
with_pieces() {
  train good.yaml --set data.tokenizer.kind=file --set "data.tokenizer.file=$pieces" "$@"
}
expect 2 'pools at the largest; set model.text_cfg.pool_type: last' with_pieces --run p1
expect 0 'report: ' with_pieces --set model.text_cfg.pool_type=last \
  --set model.text_cfg.no_causal_mask=true --set train.loss=siglip --run pieces
expect 0 'R@1' "$tandem" eval pieces --device cpu
expect 0 'wrote pieces.safetensors' "$tandem" convert pieces pieces.safetensors
expect 0 'pooled at the last token, without a causal mask' "$tandem" convert pieces.safetensors p.h5
expect 0 'no tokenizer is known' "$tandem" convert pieces.safetensors p.h5
expect 1 'tandem convert p.h5 OUT.h5 --tokenizer FILE' "$tandem" eval p.h5 --device cpu
expect 0 'wrote q.h5' "$tandem" convert p.h5 q.h5 --tokenizer "$pieces"
expect 0 'R@1' "$tandem" eval q.h5 --device cpu --table good.jsonl --split train

# Memory.
expect 1 'planned peak is .* free; set train.batch_size=[12]' \
  train good.yaml --run m1 --device-memory 557KiB
expect 1 'even one pair with train.grad_checkpointing takes' \
  train good.yaml --run m2 --device-memory 10KiB
expect 2 "'much' is no amount of memory" train good.yaml --run m3 --device-memory much

# Plans and speed.
expect 0 'largest batch in 24.00 GiB' "$tandem" plan good.yaml --device gpu --device-memory 24GiB
expect 0 '"largest_batch": null' "$tandem" plan good.yaml --device gpu --json
largest_batches() { "$tandem" plan good.yaml --device gpu | grep -c 'largest batch'; }
same 'nothing fits or not where the memory is not known' "$(largest_batches)" 0
printf 'adapter: {kind: clip_adapter}\ndata: {features: other.h5}\ndevice: cpu\n' >features.yaml
expect 0 'features  *of other.h5, which is not there' "$tandem" plan features.yaml
"$tandem" embed good --device cpu --out other.h5 >/dev/null
expect 0 'features  *of other.h5: 6 pictures, width 8' "$tandem" plan features.yaml
expect 0 '"parameters": 32' "$tandem" plan features.yaml --json
printf 'adapter: {kind: projection, base: good}\ndata: {table: good.jsonl}\n' >base.yaml
expect 0 'features  *made by good, 64 at a time' "$tandem" plan base.yaml --device cpu
expect 0 '"base_bytes": [1-9]' "$tandem" plan base.yaml --device gpu --json
expect 0 '"parameters": 65' "$tandem" plan base.yaml --device cpu --json
expect 0 '"pairs_per_second": [0-9]' \
  "$tandem" plan good.yaml --peak-tflops 0.1 --bandwidth 10GB --json
expect 2 'give both' "$tandem" plan good.yaml --peak-tflops 0.1
expect 0 'batch 2 x 3' "$tandem" plan good.yaml --set train.batch_size=2 --set train.accum_freq=3
expect 2 'train.accum_freq is .0.; expected a whole number from 1' \
  "$tandem" plan good.yaml --set train.accum_freq=0
sed -n 's/^  \(embed_dim\|vision_cfg\|text_cfg\)/\1/p' good.yaml >model.yaml
expect 0 '"accum_freq": 3' "$tandem" bench step --model model.yaml --batch 2 --accum-freq 3 \
  --device cpu --warmup 0 --steps 1 --json
expect 0 '"both_pictures_per_second"' "$tandem" bench data good.yaml --seconds 0 --json
expect 0 'both .* by 2 threads' "$tandem" bench data good.yaml --seconds 0 --threads 1,2
expect 0 '"op": "slice_gradient"' "$tandem" bench ops --device cpu --op slice --seconds 0 --json
expect 2 "there is no case 'slices'" "$tandem" bench ops --device cpu --op slices
sed -n '2,4s/^  //p' good.yaml >model.yaml
expect 2 'has no variants to choose from' "$tandem" tune --device cpu --model model.yaml
tune() { "$tandem" tune --device vulkan --model model.yaml --batch 1 "$@"; }
# What is kept of a tuning that is stopped at the second choice or after.
stopped_tuning() {
  export XDG_CACHE_HOME=$PWD/cache
  "$tandem" tune --device vulkan --model model.yaml --batch 1 --seconds 0.2 >/dev/null &
  for _ in $(seq 100); do
    sleep 0.1
    tune --list | grep -qE ': [1-9][0-9]* kernels tuned' && break
  done
  kill $!
  wait $!
  tune --list
}
if "$tandem" devices | grep -q '^vulkan'; then
  expect 0 ': [1-9][0-9]* kernels tuned' stopped_tuning
  homeless() { (unset HOME XDG_CACHE_HOME && tune --seconds 0 2>&1); }
  expect 1 'tuning: there is no place for it; set HOME or XDG_CACHE_HOME' homeless
  same 'nothing is measured that can not be kept' "$(homeless | wc -l)" 1
fi
expect 0 '"model_flop_utilisation": [0-9.e-]*[1-9]' \
  "$tandem" bench step --model model.yaml --batch 3 --device cpu --steps 1 --json

# Data.
rows() { head -5 good.jsonl >"$1.jsonl"; echo "$2" >>"$1.jsonl"; variant "$1.yaml" "s/good/$1/"; }
rows absent '{"image":"absent.png","caption":"x","group":9}'
expect 1 'absent.jsonl:6: .*absent.png' train absent.yaml --run r5
echo 'this is no picture' >text.png
rows text '{"image":"text.png","caption":"x","group":9}'
expect 1 'text.png' train text.yaml --run r6
sed 's/x",/x","split":"test",/' text.jsonl >page.jsonl
variant page.yaml 's/good/page/;s/split: train/split: test/'
expect 1 'text.png: not a PNG, JPEG or WebP' train page.yaml --run r6b --set data.max_bad_samples=9
[ ! -s r6b/metrics.jsonl ] || { echo "FAILED: trained before its evaluation"; failures=1; }
head -c 40 0.png >cut.png
rows cut '{"image":"cut.png","caption":"x","group":9}'
expect 1 'cut.png' train cut.yaml --run r7
rows empty '{"image":"0.png","caption":"","group":9}'
expect 1 'empty.jsonl:6: .*caption' train empty.yaml --run r8
rows broken '{"image":"0.png","caption":'
expect 1 'broken.jsonl:6:' train broken.yaml --run r9

# Shards: the same training as from the table, so the same loss.
expect 0 'shard-\{000000..000001\}.tar: 6 samples in 2 shards' \
  "$tandem" data pack good.jsonl --out shard --samples 3
expect 0 '"rows": 6' "$tandem" data inspect 'shard-{000000..000001}.tar' --json --html grid.html
[ "$(grep -o 'data:image/png' grid.html | wc -l)" = 6 ] || { echo "FAILED: grid"; failures=1; }
variant shards.yaml 's/good.jsonl/"shard-{000000..000001}.tar"/'
expect 0 'report: ' train shards.yaml --run r10
losses() { grep -o '"loss":[^,]*' "$1/metrics.jsonl"; }
[ "$(losses good)" = "$(losses r10)" ] || { echo "FAILED: losses"; failures=1; }
expect 0 't.json: 520 ids from 6 captions' \
  "$tandem" tokenizer train 'shard-{000000..000001}.tar' --vocab-size 520 --out t.json
truncate -s 4000 shard-000001.tar
expect 1 'shard-000001.tar: .*it was cut' train shards.yaml --run r11

# A table of another kind to evaluate on, on the command line and in a config.
{ echo 'path;text' && for i in 0 1 2; do echo "$i.png;picture number $i"; done; } >other.csv
expect 1 "other.csv:1: .*image" "$tandem" eval good --device cpu --split all --table other.csv
own=(--img-key path --caption-key text --separator ';')
expect 0 'R@1' "$tandem" eval good --device cpu --split all --table other.csv "${own[@]}"
expect 0 '3 pictures, 3 captions' \
  "$tandem" embed good --device cpu --table other.csv "${own[@]}" --out other.h5
other='table: other.csv, format: {img_key: path, caption_key: text, separator: ";"}'
variant other.yaml "s/{split: train}/{split: all, $other}/"
expect 0 'report: ' train other.yaml --run r12

# Tokenizers of others.
tokenize() { "$tandem" tokenize --tokenizer "$@" <<<'a picture'; }
expect 0 '^[0-9 ]+$' tokenize t.json
expect 0 '"megabytes_per_second"' "$tandem" bench tokenize good.jsonl --seconds 0 --json
echo '{"model": {"type": "Unigram"}}' >unigram.json
expect 1 'unigram.json: .*give the SentencePiece model' tokenize unigram.json
echo '{"a": 0}' >vocab.json
expect 1 'vocab.json: .*merges.txt is not there' tokenize vocab.json
printf '\n\200\n\n\n' >forged.model
expect 1 'forged.model: .*damaged' tokenize forged.model
echo '{"vision_cfg": {"timm_model_name": "vit_base"}}' >siglip.json
variant siglip.yaml 's/^model:/model: siglip.json/;/^  \(embed\|vision\|text\)/d'
expect 2 "vision_cfg.timm_model_name is 'vit_base'; of timm's towers Tandem has" train siglip.yaml

expect 2 'has 520 ids but model.text_cfg.vocab_size is 8' "$tandem" train good.yaml \
  --set model.text_cfg.vocab_size=8 --set data.tokenizer.kind=file --set data.tokenizer.file=t.json

# Checkpoints.
checkpoint=$(ls good/checkpoints/*.h5 | tail -1)
head -c 3000 "$checkpoint" >truncated.h5
expect 1 'truncated.h5' "$tandem" eval truncated.h5 --device cpu
expect 1 'good.yaml' "$tandem" eval good.yaml --device cpu
expect 0 'wrote good.safetensors' "$tandem" convert "$checkpoint" good.safetensors --layout huggingface
expect 0 'layout huggingface' "$tandem" convert good.safetensors back.h5
expect 0 'wrote own.h5' "$tandem" import good.safetensors own.h5 --tokenizer t.json
expect 0 'R@1' "$tandem" eval own.h5 --device cpu --table good.jsonl --split train
expect 2 'safetensors nor in .h5' "$tandem" convert "$checkpoint" good.onnx
expect 1 'truncated.h5' "$tandem" convert truncated.h5 x.h5
cp -r good other
expect 2 'embed_dim was 8 and is 16.*--allow-config-change' \
  train good.yaml --run other --resume --set model.embed_dim=16
expect 1 'another model' \
  train good.yaml --run other --resume --set model.embed_dim=16 --allow-config-change
cp -r good damaged
for file in damaged/checkpoints/*.h5; do truncate -s 2000 "$file"; done
expect 1 'passed over' train good.yaml --run damaged --resume
expect 1 'none of its checkpoints can be used' train good.yaml --run damaged --resume

# What can't be printed is no success, but a run has its log.
expect 1 "the output can't be written" to_full_disk plan good.yaml
expect 1 "the output can't be written" to_full_disk --help
closed() { "$tandem" "$@" >&-; }
expect 1 "the output can't be written" closed plan good.yaml
expect 0 '^$' closed train good.yaml --run unheard
expect 0 'report: ' cat unheard/log.txt
expect 0 '^[0-9]+$' cat unheard/.lock
if grep -q '__[at]san_init' "$tandem"; then
  echo 'not tested: sanitizers need more memory than a limit leaves'
else
  yes "$(head -1 good.jsonl)" | head -600000 >big.jsonl
  few_bytes() { (ulimit -v 163840; "$tandem" "$@"); }
  expect 1 "the host's memory ran out" few_bytes data inspect big.jsonl
fi

conclude
