#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# The scripts that install Python's packages run the Python that these are for, whatever other stands first on PATH.
# Usage: scripts_test.sh THE-PYTHON-THAT-CMAKE-TOOK. Exit 77: this system has no Python of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x /usr/bin/python3 ] || { echo "skipped: there is no /usr/bin/python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#!/bin/sh\necho "No module named torch" >&2\nexit 1\n' >"$work/python3"
chmod +x "$work/python3"
export PATH=$work:$PATH

echo "== benchmarks/compare"
benchmarks/compare --help | grep -q -- --rounds

echo "== no script names a Python that PATH chooses"
if grep -nE '(^|[;&|(]|\bexec|\bquietly) *python3 ' .setup/setup.sh .ci/run .ci/pristine benchmarks/compare examples/picture tests/run tests/arm64 tests/static tests/jvm tests/serve tests/android tests/apple; then exit 1; fi

echo "== what is installed is what this machine's processor can use"
if command -v dpkg >/dev/null; then
  ours=$(dpkg --print-architecture)
  other=arm64
  [ "$ours" != arm64 ] || other=amd64
  mkdir "$work/dpkg"
  printf "%s\n" "$ours" "$other" >"$work/dpkg/arch"
  state() { # PACKAGE STATE PROCESSOR
    printf 'Package: %s\nStatus: %s\nArchitecture: %s\nVersion: 1\nMaintainer: us\nDescription: us\n' "$@"
    [ "$3" = all ] || echo "Multi-Arch: same"
    echo
  }
  {
    state native "install ok installed" "$ours"
    state everywhere "install ok installed" all
    state both "install ok installed" "$other"
    state both "install ok installed" "$ours"
    state foreign "install ok installed" "$other"
    state removed "deinstall ok config-files" "$ours"
  } >"$work/dpkg/status"
  said=$(
    source .setup/setup.sh
    quietly() { :; }
    DPKG_ADMINDIR=$work/dpkg install_packages native everywhere both foreign removed absent 2>&1
  )
  expected="-- installing foreign removed absent"
  [ "$said" = "$expected" ] || { echo "expected \"$expected\", found \"$said\""; exit 1; }
fi

echo "== CMake takes one that has the packages, where there is one"
if /usr/bin/python3 -c "import matplotlib, torch, sentencepiece, PIL" 2>/dev/null; then "$1" -c "import matplotlib, torch, sentencepiece, PIL"; fi
