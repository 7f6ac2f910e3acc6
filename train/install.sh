#!/usr/bin/env bash
# Installs the Debian packages that are missing, and nothing where none is:
#   train/install.sh PURPOSE...        PURPOSE: build, fetch, tests
# For Debian 12 and 13 and Ubuntu 22.04 and 24.04.
set -euo pipefail

# A package, or package=CHECK where something else may have brought what it is for: the command or
# the pkg-config module CHECK names.
build=(
  cmake=command:cmake ninja-build=command:ninja g++=command:c++ pkg-config=command:pkg-config
  glslang-tools=command:glslangValidator glslang-dev spirv-tools
  libvulkan-dev=module:vulkan libhdf5-dev libyaml-cpp-dev=module:yaml-cpp libfmt-dev=module:fmt
  libdnnl-dev libhwy-dev=module:libhwy libcli11-dev nlohmann-json3-dev=module:nlohmann_json
  libpcre2-dev=module:libpcre2-8 libjpeg-dev=module:libjpeg libpng-dev=module:libpng
  libwebp-dev=module:libwebp zlib1g-dev=module:zlib librsvg2-dev=module:librsvg-2.0
  libsentencepiece-dev
)
fetch=(npm=command:npm tar ca-certificates)
tests=(
  doctest-dev mesa-vulkan-drivers vulkan-validationlayers spirv-tools=command:spirv-val
  python3=command:python3 python3-h5py
)
# Tests that want these say that they are skipped. Ubuntu has chromium as a snap only; clang is for
# its libFuzzer.
tests_optional=(chromium clang libclang-rt-dev python3-sentencepiece python3-pil)

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

has_package() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# $1: an entry of a list above.
is_there() {
  case $1 in
    *=command:*) command -v "${1#*=command:}" >/dev/null ;;
    *=module:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#*=module:}" ;;
    *) has_package "$1" ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    fail "$missing_text is missing and neither root nor sudo is there; install it and start again."
  fi
}

updated=
# Installs $@ after one apt-get update. A list that can't be refreshed is no failure by itself.
apt_install() {
  missing_text="$*"
  command -v apt-get >/dev/null ||
    fail "$missing_text is missing and there is no apt-get here; install it by other means."
  echo "installing $*"
  if [ -z "$updated" ]; then
    as_root apt-get update -qq || true
    updated=yes
  fi
  as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# $@: entries. Installs the packages of those that are not there.
ensure() {
  local missing=() entry
  for entry in "$@"; do
    is_there "$entry" || missing+=("${entry%%=*}")
  done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
    fail "apt-get could not install ${missing[*]}; check the network and the package sources."
}

# C++20 as Tandem uses it needs GCC 12; Ubuntu 22.04 has it beside its own 11.
ensure_compiler() {
  local major
  [ -z "${CXX:-}" ] || return 0
  c++ --version | grep -qi clang && return 0
  major=$(c++ -dumpversion)
  [ "${major%%.*}" -ge 12 ] || command -v g++-12 >/dev/null || apt_install g++-12 ||
    fail "the compiler is GCC $major and g++-12 could not be installed; install GCC 12 or later."
}

# Newer packages of SentencePiece include Abseil's headers without bringing them.
ensure_abseil() {
  ! grep -qs absl/ /usr/include/sentencepiece_processor.h || ensure libabsl-dev
}

[ $# -gt 0 ] || fail "say what for: build, fetch or tests."
for purpose in "$@"; do
  case $purpose in
    build) ensure "${build[@]}" && ensure_abseil && ensure_compiler ;;
    fetch) ensure "${fetch[@]}" ;;
    tests)
      ensure "${tests[@]}"
      for package in "${tests_optional[@]}"; do
        has_package "$package" || ! apt-cache show "$package" >/dev/null 2>&1 ||
          apt_install "$package" || echo "without $package some tests are skipped"
      done
      ;;
    *) fail "there is no purpose '$purpose'; use build, fetch or tests." ;;
  esac
done
