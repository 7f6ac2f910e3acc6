#!/usr/bin/env bash
# Fetches the emoji pictures and captions as npm packages and unpacks them, each once:
#   train/fetch_emoji.sh [DIR]         DIR is data/packages unless given
# A package ends in DIR/<name>/ (without its @scope), next to the name@version it came as.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=${1:-data/packages}
# The major version is pinned: within one, pictures are mended but neither renamed nor moved.
packages=(
  @iconify-json/noto@1
  @iconify-json/twemoji@1
  @iconify-json/openmoji@1
  @iconify-json/fluent-emoji-flat@1
  @iconify-json/emojione@1
  emojibase-data@17
)

fail() {
  echo "fetch_emoji.sh: $*" >&2
  exit 1
}

# $1: an npm package as name@version. Unpacked beside and renamed, so that a broken download
# never looks like a whole one.
fetch() {
  local package=$1 name target partial
  name=${package%@*}
  name=${name##*/}
  target=$directory/$name
  if [ "$(cat "$target/.package" 2>/dev/null)" = "$package" ]; then return; fi
  command -v npm >/dev/null ||
    fail "npm is needed to fetch $package; install it with: sudo apt-get install npm"
  echo "fetching $package"
  partial=$directory/.$name.partial
  rm -rf "$partial"
  mkdir -p "$partial/unpacked"
  npm pack "$package" --loglevel=error --pack-destination "$partial" >"$partial/log" 2>&1 ||
    fail "npm could not fetch $package; check the network or npm's registry setting and start again" \
      "($(grep -m 1 'npm error code\|npm ERR! code' "$partial/log"))."
  tar -xzf "$partial"/*.tgz -C "$partial/unpacked" --strip-components=1 ||
    fail "the archive of $package is damaged; start again to fetch it anew."
  echo "$package" >"$partial/unpacked/.package"
  rm -rf "$target"
  mv "$partial/unpacked" "$target"
  rm -rf "$partial"
}

mkdir -p "$directory"
for package in "${packages[@]}"; do fetch "$package"; done
