#!/bin/sh
# Builds bin/launch-linux-x64 and bin/launch-linux-arm64 from launch.c, the same bytes on every machine:
# a pinned zig (a C compiler with musl for every target, as a Python wheel), no build id, no paths, no debug symbols.
# Needs python3 with venv, and PyPI. Run it after every change of launch.c, and commit what it makes.
# `sh build.sh --check` builds into a temporary folder and only compares.
set -eu

zig_version=0.17.0
folder=$(cd "$(dirname "$0")" && pwd)
workshop=$(mktemp -d)
trap 'rm -rf "$workshop"' EXIT

python3 -m venv "$workshop/venv"
"$workshop/venv/bin/pip" install --quiet --disable-pip-version-check "ziglang==$zig_version"

build() { # <zig target> <file>
  cd "$folder"
  "$workshop/venv/bin/python" -m ziglang cc -target "$1" -std=c17 -static -Os -s -Wall -Wextra -Werror \
    -Wno-format-truncation -Wl,--build-id=none -o "$workshop/$2" launch.c
  if [ "${check:-}" ]; then
    cmp "$workshop/$2" "bin/$2"
  else
    chmod 755 "$workshop/$2"
    mv "$workshop/$2" "bin/$2"
  fi
}

check=
[ "${1:-}" != --check ] || check=yes
build x86_64-linux-musl launch-linux-x64
build aarch64-linux-musl launch-linux-arm64
cd "$folder"
[ "$check" ] || sha256sum launch.c >bin/built-from.sha256 # a test compares it: no binary is older than its source
ls -l bin
