#!/usr/bin/env bash
# Runs the suites on every Vulkan driver under synchronization validation, where a message fails a
# test:
#   tests/synchronization/run.sh [AREA...]     # every area without any
# Takes four to six times as long as without, most of it in autograd's ops.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- core autograd models train
export TANDEM_VALIDATION=sync
swiftshader=/usr/lib/chromium/vk_swiftshader_icd.json
[ ! -e "$swiftshader" ] || export VK_ADD_DRIVER_FILES=$swiftshader
failed=0
for area in "$@"; do
  log=build/release/synchronization_$area.log
  build/release/tests/test_"$area" >"$log" 2>&1 || failed=1
  echo "$area: $(grep '^\[doctest\] test cases' "$log" | tail -1)," \
    "$(grep -c 'validation layers say' "$log" || true) messages; see $log"
done
exit $failed
