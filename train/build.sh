#!/usr/bin/env bash
# Configures and builds a release:   train/build.sh [TARGET]...   (everything unless targets are given)
set -euo pipefail
cd "$(dirname "$0")/.."

# GCC below 12 can't build Tandem; train/install.sh has put g++-12 beside it.
if [ -z "${CXX:-}" ] && [ ! -e build/release/CMakeCache.txt ] && command -v g++-12 >/dev/null &&
  ! c++ --version | grep -qi clang && [ "$(c++ -dumpversion | cut -d. -f1)" -lt 12 ]; then
  export CC=gcc-12 CXX=g++-12
fi

# One job a core, but no more than one a gibibyte of memory.
cores=$(nproc)
gibibytes=$(awk '/^MemTotal/ {print int($2 / 1048576) + 1}' /proc/meminfo)
jobs=$((cores < gibibytes ? cores : gibibytes))

mkdir -p build
if ! cmake --preset release >build/configure.log 2>&1; then
  cat build/configure.log >&2
  echo "build.sh: CMake can't configure the build; its reason is above." >&2
  exit 1
fi
if ! cmake --build --preset release -j "$jobs" ${1:+--target "$@"}; then
  echo "build.sh: the build failed; the compiler's reason is above." >&2
  exit 1
fi
