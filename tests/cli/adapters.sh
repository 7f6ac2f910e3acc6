#!/usr/bin/env bash
# Adapters by the program: trained, evaluated, merged, and refused where they do not fit.
#   tests/cli/adapters.sh PATH/TO/tandem
set -u
tandem=$1
. "$(dirname "$0")/expect.sh"

good_run
sed 's/"group":\([0-9]\)/"label":"number \1","split":"all"/' good.jsonl >classes.jsonl
train() { "$tandem" train "$@"; }

expect 0 'report: ' train good.yaml --run good
expect 0 'report: ' train good.yaml --set seed=5 --run other

on_good() { train good.yaml --set adapter.base=good "$@"; }
expect 0 'planned peak' on_good --set adapter.kind=lora --run lora
expect 0 'R@1' "$tandem" eval lora --device cpu
expect 0 'wrote merged.h5' "$tandem" adapter merge lora merged.h5
expect 0 'R@1' "$tandem" eval merged.h5 --device cpu
expect 0 'SHA-256' "$tandem" adapter unmerge lora merged.h5 unmerged.h5
expect 0 'format_version|bit-equal' "$tandem" checkpoint show unmerged.h5 --json
expect 0 "differs from the base by at most [0-9.e-]*, all else is|the base's values, SHA-256" \
  "$tandem" adapter unmerge lora merged.h5 computed.h5 --without-base
expect 0 'R@1' "$tandem" eval computed.h5 --device cpu
expect 0 'planned peak' on_good --set adapter.kind=bias --run bias
expect 0 'wrote bias.h5' "$tandem" adapter merge bias bias.h5
expect 2 'is a trained parameter of the model, so that only the base has' \
  "$tandem" adapter unmerge bias bias.h5 x.h5 --without-base
expect 2 'is not lora merged into' "$tandem" adapter unmerge lora good x.h5
expect 2 'is a whole model, not an adapter' "$tandem" adapter merge good x.h5
expect 2 'the adapter was made for a base with' "$tandem" eval lora --base other --device cpu
expect 1 'adapter without its base; .*tandem adapter merge' \
  "$tandem" convert "$(ls lora/checkpoints/*.h5 | tail -1)" x.h5
expect 2 'adapter.base is nowhere, where there is no file' \
  train good.yaml --set adapter.kind=lora --set adapter.base=nowhere --run r12
expect 2 'adapter.base is not set' train good.yaml --set adapter.kind=ia3 --run r13
expect 2 "the pattern 'visual.\*.attn.qq' matches no linear layer; the nearest name is 'visual.tra" \
  on_good --set adapter.kind=lora --set 'adapter.lora.targets=visual.*.attn.qq' --run r14
expect 2 "'visul.\*' matches no parameter that is trained; the nearest name is 'visual.conv1.weight'" \
  train good.yaml --set 'train.param_groups=[{pattern: "visul.*"}]' --run r15
expect 2 'train.loss is clip, but coop learns to tell classes' \
  on_good --set adapter.kind=coop --set adapter.coop.contexts=2 --run r16
expect 2 'has room for 5' on_good --set adapter.kind=coop --set train.loss=cross_entropy --run r17
expect 2 'has no label, by which classes are learnt' \
  train good.yaml --set train.loss=cross_entropy --run r18
expect 2 'the tower has 1 blocks' \
  on_good --set adapter.kind=vpt --set adapter.vpt.depth=3 --run r19
learn_classes() {
  on_good --set data.table=classes.jsonl --set data.split=all --set train.loss=cross_entropy \
    --set evaluate=[] "$@"
}
expect 0 'report: ' learn_classes --set adapter.kind=cocoop --set adapter.coop.contexts=2 --run coco
expect 0 '"acc5"' "$tandem" eval coco --device cpu --task zeroshot --split all --json
expect 2 'its start, its end' learn_classes --set adapter.kind=coop --run r20
few_shot() {
  learn_classes --set data.table=twice.jsonl --set data.few_shot.shots=1 \
    --set data.few_shot.val_shots=1 "$@"
}
cat classes.jsonl classes.jsonl >twice.jsonl
expect 0 'validation \(6 pictures of 6 classes\): acc1' few_shot --set adapter.kind=lora --run few
expect 2 'train.keep_best is .*test/acc1.*, but the run has no such evaluation' \
  few_shot --set adapter.kind=lora --set train.keep_best=test/acc1 \
  --set evaluate_every_n_epochs=1 --run r26
expect 2 'which the tokenizer makes nothing of' few_shot --set adapter.kind=coop \
  --set 'adapter.coop.words=" "' --run r27
expect 2 'train.warmup_epochs is 2, which leaves none of 2 epochs' \
  train good.yaml --set train.warmup_epochs=2 --run r28
expect 2 'train.optimizer.*adamw, sgd' train good.yaml --set train.optimizer=adam --run r29
expect 2 'fewer than 2 shots' \
  learn_classes --set adapter.kind=lora --set data.few_shot.shots=2 --run r21

cp good.yaml lora.yaml
echo 'adapter: {kind: lora, base: good}' >>lora.yaml
sweep() { "$tandem" sweep lora.yaml --grid adapter.rank=1,2 "$@"; }
expect 0 'adapter.lora.rank +runs +train/image_to_text_R@1' sweep
expect 0 'rank=2,seed=0: done before' sweep
expect 2 'a run with train.lr 0.0005 is there, and this sweep has 0.1' sweep --set train.lr=0.1
expect 0 '<svg' cat runs/lora-sweep/report.html

lit() { on_good --set train.lock_image=true --set 'data.table=""' --set data.features=f.h5 "$@"; }
expect 0 'wrote f.h5' "$tandem" embed good --out f.h5 --device cpu
expect 0 'report: ' lit --run lit
expect 0 'R@1' "$tandem" eval lit --device cpu
expect 0 'R@1' "$tandem" eval lit --device cpu --table good.jsonl --split train
expect 0 'wrote lit.h5' "$tandem" adapter merge lit lit.h5
expect 0 'R@1' "$tandem" eval lit.h5 --device cpu --table good.jsonl --split train
expect 2 'is by the image tower of' lit --set adapter.base=other --run r22
expect 2 'its pictures were prepared as' lit --set 'data.std=[1, 1, 1]' --run r23
expect 2 'set train.lock_image: true' lit --set train.lock_image=false --run r24
expect 2 'data.features is none.h5, where there is no file' lit --set data.features=none.h5 --run r25
mv f.h5 moved.h5
expect 2 'data.features is f.h5, where there is no file' "$tandem" eval lit --device cpu
expect 0 'R@1' "$tandem" eval lit --device cpu --features moved.h5
expect 2 'was not trained on features; leave --features out' \
  "$tandem" eval good --device cpu --features moved.h5
expect 2 'name one with --table' "$tandem" embed lit --out x.h5 --device cpu

sed '/number [45]"/s/}$/,"split":"test"}/' good.jsonl >two.jsonl
expect 0 'test .* R@1' on_good --set adapter.kind=projection --set data.table=two.jsonl \
  --set data.few_shot.test_split=test --run projection
expect 0 'test .* R@1' "$tandem" eval projection --device cpu

conclude
