#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Builds qemu-user for 64-bit Arm with the plugin that counts instructions, which Debian's has not, and prints the folder that
# holds both: qemu-aarch64 and libinsn.so. The source is Debian 13's, which apt holds to the signed index. Kept in the user's
# cache folder, so this is done once. Wants meson 1.5 (Debian 13's), ninja, pkg-config, GLib and Python's venv and pycotap.
set -euo pipefail

suite=trixie
source "$(dirname "${BASH_SOURCE[0]}")/kept-folder.sh"
begin_folder qemu "counting-qemu-$suite-1"

source "$(dirname "${BASH_SOURCE[0]}")/../kernels/cmake/apt-index.sh"
say "fetching its source"
ask_apt_index "$work" "$suite"
mkdir "$work/package" "$work/source" "$work/build" "$work/made"
(cd "$work/package" && quietly apt-get "${apt_options[@]}" source --download-only qemu)
quietly tar -C "$work/source" --strip-components=1 -xf "$work"/package/*.orig.tar.*

say "building it"
cd "$work/build"
quietly ../source/configure --python=/usr/bin/python3 --target-list=aarch64-linux-user --enable-plugins --without-default-features \
  --disable-install-blobs --disable-system --disable-tools --disable-docs --disable-werror
plugin=tests/tcg/plugins/libinsn.so
quietly ninja qemu-aarch64 $plugin
cp qemu-aarch64 $plugin "$work/made/"
keep_folder "$work/made"
