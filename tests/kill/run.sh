#!/usr/bin/env bash
# A run that is killed at random moments, and resumed each time, ends with the bits of one that
# never was: in every parameter, optimizer value and logged loss. A run asked to stop by a signal
# leaves with 0 and can be resumed as well.
#   tests/kill/run.sh PATH/TO/tandem [KILLS=10] [SEED]
set -u
tandem=$(realpath "$1")
wanted=${2:-10}
seed=${3:-$RANDOM}
RANDOM=$seed
# In memory where that is possible: a killed program's writes stay either way, and a busy disk would
# make this a test of its fsync.
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
echo "$wanted kills, seed $seed"
give_up() {
  echo "FAILED: $*"
  tail -20 said.txt
  exit 1
}

# Pictures of one colour; the loader makes them all different by its augmentation.
red=iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4ISeHFTEMLQkAkL9BAc9woTwAAAAASUVORK5CYII=
base64 -d <<<"$red" >red.png
for i in $(seq 24); do
  echo "{\"image\":\"red.png\",\"captions\":[\"picture $i\",\"number $i of all\"],\"group\":$i}"
done >table.jsonl
cat >run.yaml <<'YAML'
model:
  embed_dim: 16
  vision_cfg: {image_size: 16, patch_size: 4, width: 32, layers: 2, head_width: 16}
  text_cfg: {context_length: 12, vocab_size: 560, width: 32, heads: 2, layers: 2}
data:
  table: table.jsonl
  tokenizer: {vocab_size: 540}
  augment: {scale: [0.5, 1], brightness: 0.5, hue: 0.3, flip: 0.5, erase: 0.3}
train: {batch_size: 5, epochs: 60, warmup: 10, log_every_n_steps: 1, checkpoint_every: 3}
evaluate: [{split: train}]
evaluate_every_n_epochs: 15
device: cpu
YAML
# The rows have no split: all are of "train".
train() { "$tandem" train run.yaml --run "$1" --resume >said.txt 2>&1; }
losses() { grep '"kind":"train"' "$1/metrics.jsonl" | grep -o '"step":[0-9]*\|"loss":[^,}]*'; }

# compare RUN: its end against the unbroken run's.
compare() {
  "$tandem" checkpoint diff unbroken "$1" >said.txt 2>&1 || give_up "$1: other bits (seed $seed)"
  diff <(losses unbroken) <(losses "$1") >said.txt || give_up "$1: other losses (seed $seed)"
}

start=$(date +%s%N)
train unbroken || give_up "the unbroken run"
whole=$((($(date +%s%N) - start) / 1000000)) # ms
[ "$(losses unbroken | wc -l)" -ge 400 ] || give_up "the unbroken run logged too little"

# Kills come within a fifth of the time that a run needs, its start included, or at the moment when
# a checkpoint is seen in the making.
kills=0 writing=0 round=0
while [ "$kills" -lt "$wanted" ]; do
  round=$((round + 1))
  run=broken$round
  while :; do
    "$tandem" train run.yaml --run "$run" --resume >said.txt 2>&1 &
    process=$!
    delay=$((RANDOM % (whole / 5 + 50) + 20))
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    if [ $((RANDOM % 2)) = 0 ]; then
      for _ in $(seq 200); do compgen -G "$run/checkpoints/*.tmp" >/dev/null && break; done
    fi
    kill -9 "$process" 2>/dev/null
    wait "$process" 2>/dev/null
    code=$?
    [ "$code" = 0 ] && break # it was done before
    [ "$code" = 137 ] || give_up "$run: exit $code after $kills kills (seed $seed)"
    kills=$((kills + 1))
    compgen -G "$run/checkpoints/*.tmp" >/dev/null && writing=$((writing + 1))
    if [ "$kills" -ge "$wanted" ]; then
      train "$run" || give_up "$run: the last resume"
      break
    fi
  done
  compare "$run"
done

for signal in TERM INT USR1; do
  run=stopped_$signal
  # A shell's background job ignores SIGINT unless something sets it back.
  env --default-signal=INT "$tandem" train run.yaml --run "$run" --resume >said.txt 2>&1 &
  process=$!
  until [ -s "$run/metrics.jsonl" ]; do sleep 0.01; done
  kill -s "$signal" "$process"
  wait "$process" || give_up "SIG$signal: exit $?"
  grep -q "stopped by SIG$signal" "$run/log.txt" || give_up "SIG$signal: not said"
  "$tandem" checkpoint verify "$run"/checkpoints/*.h5 >said.txt 2>&1 || give_up "SIG$signal"
  train "$run" || give_up "SIG$signal: resume"
  compare "$run"
done
echo "ok: $kills kills survived, $writing of them while a checkpoint was being written;" \
  "3 signals; every bit as in the unbroken run of $whole ms"
