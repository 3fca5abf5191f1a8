#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Makes XNNPACK 2024-11-08 available on a Debian whose own package is older (Debian 12's is of 2022), and prints the
# prefix that holds it. The sources come from provide-sources.sh; the result is static, position-independent, and kept in
# the user's cache folder, so this is done once.
#
#   cmake -B build -DXNNPACK_ROOT="$(kernels/cmake/provide-xnnpack.sh)"
set -euo pipefail

version=20241108
prefix=${XDG_CACHE_HOME:-$HOME/.cache}/mobilediffusion/xnnpack-$version-$(uname -m)-1
if [ -f "$prefix/complete" ]; then echo "$prefix"; exit; fi

say() { echo "xnnpack: $*" >&2; }
trap 'say "failed; see the message above"' ERR

mkdir -p "$(dirname "$prefix")"
work=$(mktemp -d "$prefix.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/log

sources=$("$(dirname "$0")/provide-sources.sh" xnnpack pthreadpool fxdiv fp16 libcpuinfo0 libcpuinfo-dev)
cp -r "$sources/xnnpack" "$sources/pthreadpool" "$work/"

# The finished tree is moved into place, so everything is installed as if it were there already.
stage=$work/stage
mkdir -p "$stage$prefix/include" "$stage$prefix/lib"
cp "$sources"/libcpuinfo-dev/usr/include/*.h "$sources"/fxdiv/include/*.h "$stage$prefix/include/"
cp -r "$sources"/fp16/include/* "$stage$prefix/include/"
cp -P "$sources"/libcpuinfo{0,-dev}/usr/lib/*/libcpuinfo.so* "$stage$prefix/lib/"

build() { # NAME CMAKE-OPTIONS...
  local name=$1
  shift
  say "building $name"
  {
    cmake -S "$work/$name" -B "$work/build-$name" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
      -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_PREFIX_PATH="$stage$prefix" \
      -DCMAKE_C_FLAGS="-I$stage$prefix/include" -DCMAKE_CXX_FLAGS="-I$stage$prefix/include" "$@" &&
      cmake --build "$work/build-$name" && DESTDIR=$stage cmake --install "$work/build-$name"
  } >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
}
build pthreadpool -DPTHREADPOOL_LIBRARY_TYPE=static -DPTHREADPOOL_BUILD_TESTS=OFF -DPTHREADPOOL_BUILD_BENCHMARKS=OFF \
  -DFXDIV_SOURCE_DIR="$sources/fxdiv" -DPTHREADPOOL_ALLOW_DEPRECATED_API=ON -DFXDIV_BUILD_TESTS=OFF -DFXDIV_BUILD_BENCHMARKS=OFF
# GCC 12 knows AVX512FP16, but XNNPACK only believes GCC 13; without it float16 is four times slower.
sed -i 's/CMAKE_C_COMPILER_VERSION VERSION_LESS "13"/CMAKE_C_COMPILER_VERSION VERSION_LESS "12"/' "$work/xnnpack/CMakeLists.txt"
build xnnpack -DXNNPACK_LIBRARY_TYPE=static -DXNNPACK_USE_SYSTEM_LIBS=ON -DXNNPACK_BUILD_TESTS=OFF \
  -DXNNPACK_BUILD_BENCHMARKS=OFF -DXNNPACK_BUILD_ALL_MICROKERNELS=OFF -DXNNPACK_ENABLE_KLEIDIAI=OFF \
  -DCPUINFO_SOURCE_DIR="$stage$prefix" -DPTHREADPOOL_SOURCE_DIR="$stage$prefix" -DFXDIV_SOURCE_DIR="$sources/fxdiv"

for file in include/xnnpack.h include/pthreadpool.h lib/libXNNPACK.a lib/libpthreadpool.a lib/libcpuinfo.so; do
  [ -e "$stage$prefix/$file" ] || { say "the build gave no $file"; exit 1; }
done
echo "$version" >"$stage$prefix/complete"
rm -rf "$prefix"
mv "$stage$prefix" "$prefix"
say "kept in $prefix"
echo "$prefix"
