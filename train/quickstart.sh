#!/usr/bin/env bash
# From a fresh Debian or Ubuntu machine to a trained model: installs what is missing, builds, fetches
# the emoji pictures, trains configs/quickstart.yaml and evaluates it. Steps that are done are not
# done again; a run that was stopped goes on where it was.
set -euo pipefail
cd "$(dirname "$0")/.."

run=runs/quickstart
tandem=build/release/tandem
step=

announce() {
  step=$1
  echo "== $step"
}

# Ctrl-C makes the training save and leave; what comes after it must not run then.
trap 'trap - EXIT; echo "quickstart.sh: stopped; start it again to go on." >&2; exit 130' INT TERM
trap '[ $? = 0 ] || echo "quickstart.sh: stopped at \"$step\"; the reason is above." >&2' EXIT

announce "Install missing packages"
train/install.sh build
[ -e data/packages/emojibase-data/.package ] || train/install.sh fetch

announce "Build (the first time takes some minutes)"
train/build.sh tandem

announce "Fetch the emoji pictures"
train/fetch_emoji.sh data/packages

if ! head -n 1 data/emoji/emoji.jsonl 2>/dev/null | grep -q '"category"'; then
  announce "Draw the emoji"
  "$tandem" data prepare emoji
fi

announce "Train configs/quickstart.yaml"
resume=()
if [ -d "$run" ]; then resume=(--resume); fi
"$tandem" train configs/quickstart.yaml --run "$run" "${resume[@]}"

announce "Evaluate"
"$tandem" eval "$run"

echo "== Done. Open the report in a browser: $PWD/$run/report.html"
