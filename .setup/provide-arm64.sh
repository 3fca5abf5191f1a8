#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Fetches a Linux system of 64-bit Arm to build against, Debian 13's libraries and headers, and prints its folder. Beside it
# only a cross compiler and qemu-user are needed: Debian's own packages for another processor cannot always stand beside
# this one's. Kept in the user's cache folder, so this is done once.
set -euo pipefail

suite=trixie
packages=(libc6-dev libstdc++6 libxnnpack-dev libpthreadpool-dev libhwy-dev libsentencepiece-dev libutf8proc-dev
  libgtest-dev nlohmann-json3-dev libstb-dev libcli11-dev libeigen3-dev)
source "$(dirname "${BASH_SOURCE[0]}")/kept-folder.sh"
begin_folder arm64 "debian-$suite-arm64-1"

source "$(dirname "${BASH_SOURCE[0]}")/../kernels/cmake/apt-index.sh"
say "fetching Debian's libraries"
mkdir -p "$work/root"
# as on such a system with nothing installed
ask_apt_index "$work" "$suite" -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oAPT::Install-Recommends=false
quietly apt-get "${apt_options[@]}" --yes --download-only install "${packages[@]}"
# /lib and /usr/lib are one
mkdir -p "$work/root/usr/lib"
ln -s usr/lib "$work/root/lib"
for package in "$work"/cache/archives/*.deb; do
  case $package in */base-files_* | */libc-bin_*) continue ;; esac
  quietly bash -c 'dpkg-deb --fsys-tarfile "$1" | tar -C "$2" --keep-directory-symlink -xf -' _ "$package" "$work/root"
done
keep_folder "$work/root"
