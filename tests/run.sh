#!/usr/bin/env bash
# Installs what is missing, builds a release, and runs all tests:   tests/run.sh [ctest's options]
set -euo pipefail
cd "$(dirname "$0")/.."

train/install.sh build tests
train/build.sh
ctest --preset release "$@"
