#!/usr/bin/env bash
# What `tandem checkpoint show|verify|diff|prune` say about a run's checkpoints, and what resuming
# does with a changed config, a damaged checkpoint, a full disk and two processes at once.
#   tests/cli/checkpoints.sh PATH/TO/tandem
set -u
tandem=$1
. "$(dirname "$0")/expect.sh"

good_run
sed 's/epochs: 2, warmup: 1/epochs: 4, warmup: 1, checkpoint_every: 2, keep_last: 100/' good.yaml >run.yaml
train() { "$tandem" train run.yaml "$@"; }
checkpoints() { (cd "$1/checkpoints" && echo *); }
look() { "$tandem" checkpoint "$@"; }
step() { echo "a/checkpoints/step_0000000$1.h5"; }

expect 0 'checkpoints: 4 saved; training waited' train --run a
expect 0 'checkpoints: 4 saved' train --run b
same 'a checkpoint every 2 of 8 steps' "$(checkpoints a)" \
  'step_00000002.h5 step_00000004.h5 step_00000006.h5 step_00000008.h5'

# show
expect 0 'state step: 8' look show a
expect 0 'state step: 4' look show "$(step 4)"
expect 0 'model: [0-9]+ tensors, [0-9]+ values' look show a
expect 0 'tandem_version: [0-9]' look show a
expect 0 'git_revision: ' look show a
expect 0 'activation: gelu' look show a
expect 0 'device: .' look show a
expect 0 'preprocessing: ' look show a
expect 0 'visual.proj +\[16, 8\] +rms [0-9.]' look show a
look show a --json >shown.json
if command -v python3 >/dev/null; then
  expect 0 '^8 8 True' python3 -c '
import json
shown = json.load(open("shown.json"))
print(shown["state"]["step"], json.loads(shown["attributes"]["preprocessing"])["size"],
      "logit_scale" in [tensor["name"] for tensor in shown["model"]])'
fi
expect 1 'nothing: there is no such checkpoint or run folder' look show nothing
expect 1 'run.yaml: is not a checkpoint that Tandem wrote' look show run.yaml

# verify
expect 0 'step_00000008.h5: whole' look verify "$(step 6)" "$(step 8)"
cp "$(step 8)" flipped.h5
printf 'X' | dd of=flipped.h5 bs=1 seek=5000 conv=notrunc status=none
expect 1 'flipped.h5: is damaged' look verify "$(step 6)" flipped.h5
head -c 3000 "$(step 8)" >cut.h5
expect 1 'cut.h5: is truncated or damaged: it should have [0-9]+ bytes and has 3000' look verify cut.h5
expect 1 'step_00000008.h5: whole' look verify flipped.h5 "$(step 8)"
expect 1 '1 of 2 checkpoints' look verify flipped.h5 "$(step 8)"
expect 0 'step_00000002.h5: whole' look verify a
expect 2 'CHECKPOINT' look verify
: >empty.h5
expect 1 'empty.h5: is not a checkpoint that Tandem wrote' look verify empty.h5
mkfifo pipe.h5
expect 1 'pipe.h5: is not a regular file' look verify pipe.h5

# diff
expect 0 'visual.proj +bit-equal' look diff a b
expect 0 '"equal": true' look diff a b --json
expect 1 'visual.proj +max abs difference [0-9]' look diff "$(step 2)" "$(step 4)"
expect 1 'state step' look diff "$(step 2)" "$(step 4)"
expect 1 '"equal": false' look diff "$(step 2)" "$(step 4)" --json
expect 1 'flipped.h5: is damaged' look diff flipped.h5 a

# prune
expect 0 'deleted .*step_00000002.h5' look prune b --keep-last 2
same 'two are left' "$(checkpoints b)" 'step_00000006.h5 step_00000008.h5'
for kept in 6 8; do cp cut.h5 "b/checkpoints/step_0000001$kept.h5"; done
expect 0 'deleted .*step_00000006.h5' look prune b --keep-last 2
same 'the newest that verifies is kept' "$(checkpoints b)" \
  'step_00000008.h5 step_00000016.h5 step_00000018.h5'
cp -r a pruned
sed -i 's/^/#/' pruned/config.yaml  # what counts is what a checkpoint has
expect 0 '^$' look prune pruned
expect 2 'keep-last' look prune b --keep-last 0
expect 2 'nowhere' look prune nowhere

# Retention: the last two, multiples of four, and the best.
expect 0 'report: ' train --run kept --set train.keep_last=1 --set train.keep_every=4
same 'keep_last and keep_every' "$(checkpoints kept)" 'step_00000004.h5 step_00000008.h5'
expect 0 'the best train/image_to_text_R@1 so far' train --run best --set train.keep_last=1 \
  --set train.keep_best=train/image_to_text_R@1 --set evaluate_every_n_epochs=1
expect 0 '^$' look prune kept
expect 0 '^$' look prune best
best=$(grep -o 'step [0-9]*: the best' best/log.txt | tail -1 | grep -o '[0-9]*')
same 'the best is kept' "$(ls best/checkpoints/step_0000000"$best".h5)" \
  "best/checkpoints/step_0000000$best.h5"
expect 0 'checkpoints: 1 saved' train --run timed --set train.checkpoint_every=15min
expect 2 'checkpoint_every' train --run r --set train.checkpoint_every=soon
expect 2 'keep_best' train --run r --set train.keep_best=nothing

# Resuming: what changed is said, and refused unless it is allowed or does no harm.
rm a/checkpoints/step_00000008.h5
cp -r a changed
expect 2 'step_00000006.h5: the config has changed since: train.lr was .* and is .*--allow-config-change' \
  train --run changed --resume --set train.lr=0.01
expect 0 'changed: train.lr was .* and is' \
  train --run changed --resume --set train.lr=0.01 --allow-config-change
expect 1 'max abs difference' look diff changed b/checkpoints/step_00000008.h5
cp -r a again
expect 0 'resuming from .*step_00000006.h5 at step 6' train --run again --resume --threads 2
expect 0 'logit_scale +bit-equal' look diff again b/checkpoints/step_00000008.h5
cp -r a damaged
truncate -s 3000 damaged/checkpoints/step_00000006.h5
expect 0 'passed over .*step_00000006.h5: .*truncated or damaged' train --run damaged --resume
expect 0 'logit_scale +bit-equal' look diff damaged b/checkpoints/step_00000008.h5
rm -r damaged/checkpoints && mkdir damaged/checkpoints
expect 0 'no checkpoint to resume from; starting anew' train --run damaged --resume

# On a Vulkan device, from the middle of an epoch.
if "$tandem" devices | grep -q llvmpipe; then
  on_vulkan() { train "$@" --device vulkan:llvmpipe --set train.checkpoint_every=3; }
  expect 0 'report: ' on_vulkan --run v
  cp -r v w
  rm w/checkpoints/step_0000000[68].h5
  expect 0 'resuming from .*step_00000003.h5' on_vulkan --run w --resume
  expect 0 'logit_scale +bit-equal' look diff v w
  losses() { grep -o '"step":[0-9]*\|"loss":[^,]*' "$1/metrics.jsonl"; }
  same 'the losses of an unbroken run' "$(losses v)" "$(losses w)"
fi

# A disk that is full: the largest file may be smaller than a checkpoint.
small_files() { (ulimit -f 20; trap '' XFSZ; train "$@"); }
expect 1 'the checkpoint of step 2 is not saved: .*File too large. Those before are good' \
  small_files --run full
expect 0 'no checkpoint to resume from' train --run full --resume
expect 0 'logit_scale +bit-equal' look diff full b/checkpoints/step_00000008.h5

# Two processes in one folder; and a signal, after which the second comes in.
"$tandem" train run.yaml --run long --set train.epochs=100000 >long.txt 2>&1 &
first=$!
until [ -s long/metrics.jsonl ] || ! kill -0 "$first"; do sleep 0.05; done
expect 1 'long.*(another|process)' train --run long --resume --set train.epochs=100000
expect 1 'long.*(another|process)' look prune long --keep-last 1
kill -USR1 "$first"
wait "$first"
same 'SIGUSR1 saves and leaves with 0' "$?" 0
expect 0 'stopped by SIGUSR1' cat long/log.txt

# A reader of the output that ends, as a terminal's Ctrl-C ends `tee`.
{ "$tandem" train run.yaml --run piped; echo "exit $?" >piped.txt; } | head -1 >/dev/null
same 'a run outlives the reader of its output' "$(cat piped.txt)" 'exit 0'
expect 0 'logit_scale +bit-equal' look diff piped b/checkpoints/step_00000008.h5

# A sweep that is stopped, with the run under way, goes on with both.
sweep() { "$tandem" sweep run.yaml --grid train.lr=1e-3,1e-4 --run swept "$@"; }
"$tandem" sweep run.yaml --grid train.lr=1e-3,1e-4 --set train.epochs=3000 --run swept >swept.txt 2>&1 &
sweeping=$!
until grep -qs '"train"' swept/*/metrics.jsonl || ! kill -0 "$sweeping"; do sleep 0.05; done
kill -TERM "$sweeping"
wait "$sweeping"
same 'a sweep that was stopped has not succeeded' "$?" 1
expect 0 'stopped by SIGTERM; the same command goes on with it' cat swept.txt
expect 0 'stopped by SIGUSR1' cat swept/train.lr=1e-3,seed=0/log.txt
expect 0 'train.lr +runs' sweep --set train.epochs=3000
expect 0 'resuming from' cat swept/train.lr=1e-3,seed=0/log.txt

conclude
