#!/usr/bin/env bash
# Builds the fuzz targets and runs each for a while, as many at a time as there are cores:
#   tests/fuzz/run.sh SECONDS [TARGET...]
# Prints how many inputs each has tried; exit code 1 if one has a finding, whose input is then kept
# in build/fuzz/found/. What they learn is kept in build/fuzz/corpus/, and used the next time.
# Exit code 77, which ctest takes for skipped, without Clang and its libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- checkpoint config features picture pickle safetensors table tokenizer torch

build=$PWD/build/fuzz
mkdir -p "$build"
if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, long) { return 0; }' |
  clang++ -fsanitize=fuzzer,address -x c++ - -o "$build/probe" >"$build/probe.log" 2>&1; then
  echo "skipped: there is no clang++ with libFuzzer (Debian: clang libclang-rt-dev)"
  exit 77
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz

corpus=$build/corpus
found=$build/found
scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$corpus" "$found"
"$build/tests/fuzz/fuzz_seeds" "$corpus"
mkdir -p "$corpus/config" "$corpus/tokenizer"
cp tests/fixtures/text/pieces.model "$corpus/tokenizer/"
for file in configs/*.yaml configs/models/*.yaml; do cp "$file" "$corpus/config/${file//\//_}"; done

# No input has more than 64 KiB, and no single allocation may have more than 256 MiB, the most that
# a tokenizer of 64 MiB needs to be unpacked.
run_one() {
  mkdir -p "$corpus/$1" "$scratch/$1"
  LSAN_OPTIONS=suppressions=$PWD/tests/fuzz/lsan.supp:print_suppressions=0 TMPDIR=$scratch/$1 \
    "$build/tests/fuzz/fuzz_$1" "$corpus/$1" -max_total_time="$seconds" -max_len=65536 \
    -malloc_limit_mb=256 -rss_limit_mb=2048 -timeout=20 -artifact_prefix="$found/$1-" \
    -print_final_stats=1 >"$build/$1.log" 2>&1
}
failed=0
wait_for() {
  local name=$1 pid=$2 result=ok
  wait "$pid" || { result="FOUND: see build/fuzz/$name.log"; failed=1; }
  printf '%-12s %9s inputs  %s\n' "$name" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")" "$result"
}
names=()
pids=()
for name in "$@"; do
  if [ ${#pids[@]} -ge "$(nproc)" ]; then
    wait_for "${names[0]}" "${pids[0]}"
    names=("${names[@]:1}")
    pids=("${pids[@]:1}")
  fi
  run_one "$name" &
  names+=("$name")
  pids+=($!)
done
for i in "${!pids[@]}"; do wait_for "${names[$i]}" "${pids[$i]}"; done
exit $failed
