# What the scripts here begin with: an empty folder to be in, and what is told about each case.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

# expect CODE 'PATTERN' COMMAND...: the exit code, and a line of what it prints.
expect() {
  local code=$1 pattern=$2
  shift 2
  local said got
  said=$("$@" 2>&1)
  got=$?
  if [ "$got" != "$code" ] || ! grep -qE -- "$pattern" <<<"$said"; then
    echo "FAILED: $* (exit $got, expected $code and '$pattern')"
    echo "$said" | tail -5
    failures=$((failures + 1))
  else
    echo "ok: $(grep -E -- "$pattern" <<<"$said" | tail -1)"
  fi
}

# same WHAT A B: two texts that must be equal.
same() {
  [ "$2" = "$3" ] && { echo "ok: $1"; return; }
  echo "FAILED: $1: '$2' and '$3'"
  failures=$((failures + 1))
}

# red_picture FILE: an 8 x 8 PNG.
red_picture() {
  base64 -d >"$1" <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4ISeHFTEMLQkAkL9BAc9woTwAAAAASUVORK5CYII=
PNG
}

# Writes good.jsonl and good.yaml, a run of a few steps: an 8 x 8 red PNG, six times, in six groups.
good_run() {
  local i
  for i in 0 1 2 3 4 5; do
    red_picture "$i.png"
    echo "{\"image\":\"$i.png\",\"caption\":\"picture number $i\",\"group\":$i}"
  done >good.jsonl
  cat >good.yaml <<'YAML'
model:
  embed_dim: 8
  vision_cfg: {image_size: 8, patch_size: 4, width: 16, layers: 1, head_width: 8}
  text_cfg: {context_length: 8, vocab_size: 560, width: 16, heads: 2, layers: 1}
data:
  table: good.jsonl
  tokenizer: {vocab_size: 514}
train: {batch_size: 3, epochs: 2, warmup: 1}
evaluate: [{split: train}]
device: cpu
YAML
}

# The script's last line.
conclude() {
  [ "$failures" = 0 ] || { echo "$failures failed"; exit 1; }
}
