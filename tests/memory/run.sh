#!/usr/bin/env bash
# A training's resident memory over time: flat once it is warm, or this fails.
#   tests/memory/run.sh PATH/TO/tandem [SECONDS=600] [HTML]
# Trains with augmentation, evaluations and checkpoints, and reads VmRSS four times a second. It is
# warm after 40 evaluations and ten checkpoints; then it runs for so long, and may grow by 2 % and
# 1 MiB from the median of the first fifth of that time to that of the last. HTML, if it is named,
# gets a plot.
set -u
tandem=$(realpath "$1")
seconds=${2:-600}
html=${3:+$(realpath -m "$3")}
folder=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

red=iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4ISeHFTEMLQkAkL9BAc9woTwAAAAASUVORK5CYII=
base64 -d <<<"$red" >red.png
for i in $(seq 96); do
  echo "{\"image\":\"red.png\",\"captions\":[\"picture $i\",\"number $i of all\"],\"group\":$i}"
done >table.jsonl
cat >run.yaml <<'YAML'
model:
  embed_dim: 32
  vision_cfg: {image_size: 32, patch_size: 8, width: 64, layers: 2, head_width: 32}
  text_cfg: {context_length: 16, vocab_size: 640, width: 64, heads: 2, layers: 2}
data:
  table: table.jsonl
  tokenizer: {vocab_size: 600}
  augment: {scale: [0.5, 1], brightness: 0.5, hue: 0.3, flip: 0.5, erase: 0.3}
train: {batch_size: 16, epochs: 1000000, warmup: 10, log_every_n_steps: 10, checkpoint_every: 1s}
evaluate: [{split: train}]
evaluate_every_n_epochs: 1
device: cpu
YAML
"$tandem" train run.yaml --run run --threads 1 >said.txt 2>&1 &
process=$!
begin=$(date +%s%N)
count() { [ ! -s run/metrics.jsonl ] && echo 0 || grep -c "\"kind\":\"$1" run/metrics.jsonl; }
warm_at=
while kill -0 "$process" 2>/dev/null; do
  now=$((($(date +%s%N) - begin) / 1000000)) # ms
  if [ -z "$warm_at" ]; then
    [ "$(count eval)" -lt 40 ] || [ "$(count checkpoint)" -lt 10 ] || warm_at=$now
  elif [ "$now" -ge $((warm_at + seconds * 1000)) ]; then
    break
  fi
  size=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status" 2>/dev/null)
  [ -z "$size" ] || echo "$now $size" >>samples.txt
  sleep 0.25
done
kill -TERM "$process" 2>/dev/null
wait "$process" || { echo "FAILED: exit $?"; tail -5 said.txt; exit 1; }
whole=$((warm_at + seconds * 1000))

# median FROM TO: of the KiB between two shares of the time after warming up.
median() {
  awk -v from="$1" -v to="$2" -v begin="$warm_at" -v all=$((seconds * 1000)) \
    '$1 >= begin + from * all && $1 < begin + to * all { print $2 }' samples.txt | sort -n |
    awk '{ value[NR] = $1 } END { print NR ? value[int((NR + 1) / 2)] : 0 }'
}
warm=$(median 0 0.2) last=$(median 0.8 1)
most=$(awk '$2 > most { most = $2 } END { print most }' samples.txt)
steps=$((10 * $(count train)))
echo "$seconds s after $((warm_at / 1000)) s of warming up, $steps steps, $(count eval) evaluations," \
  "$(count checkpoint) checkpoints: $warm KiB warm, $last KiB in the end, $most KiB at most" \
  "($(wc -l <samples.txt) samples)"

# The whole course in one line, from an empty cell to a full one.
awk -v all="$whole" '
  { cell = int($1 / all * 64); if ($2 > high[cell]) high[cell] = $2; if ($2 > most) most = $2 }
  END {
    split("▁ ▂ ▃ ▄ ▅ ▆ ▇ █", bar, " ")
    for (i = 0; i < 64; ++i) printf "%s", i in high ? bar[int(high[i] / most * 7.99) + 1] : " "
    print ""
  }' samples.txt

if [ -n "$html" ]; then
  awk -v all="$whole" -v most="$most" -v steps="$steps" '
    { points = points sprintf("%.1f,%.1f ", 60 + $1 / all * 720, 280 - $2 / (1.1 * most) * 260) }
    END {
      print "<!doctype html><meta charset=\"utf-8\"><title>Resident memory</title>"
      print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"320\" font-size=\"12\">"
      print "<path d=\"M60 20V280H780\" fill=\"none\" stroke=\"black\"/>"
      printf "<polyline points=\"%s\" fill=\"none\" stroke=\"steelblue\"/>\n", points
      printf "<text x=\"4\" y=\"48\">%.1f MiB</text><text x=\"4\" y=\"284\">0</text>", most / 1024
      printf "<text x=\"700\" y=\"300\">%.0f s, %d steps</text></svg>\n", all / 1000, steps
    }' samples.txt >"$html"
fi

bound=$((warm / 50 + 1024))
if [ "$warm" = 0 ] || [ $((last - warm)) -gt "$bound" ]; then
  echo "FAILED: it grew by $((last - warm)) KiB, more than $bound"
  exit 1
fi
echo "ok: it grew by $((last - warm)) KiB, at most $bound are allowed"
