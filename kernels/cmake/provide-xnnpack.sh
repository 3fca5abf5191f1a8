#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Makes XNNPACK 2024-11-08 available on a Debian whose own package is older (Debian 12's is of 2022), and prints the
# prefix that holds it. The sources come through apt from the newer Debian's index, each checked against the hash below;
# the result is static, position-independent, and kept in the user's cache folder, so this is done once.
#
#   cmake -B build -DXNNPACK_ROOT="$(kernels/cmake/provide-xnnpack.sh)"
set -euo pipefail

suite=trixie
version=20241108
prefix=${XDG_CACHE_HOME:-$HOME/.cache}/mobilediffusion/xnnpack-$version-$(uname -m)-1
if [ -f "$prefix/complete" ]; then echo "$prefix"; exit; fi

say() { echo "xnnpack: $*" >&2; }
trap 'say "failed; see the message above"' ERR

mkdir -p "$(dirname "$prefix")"
work=$(mktemp -d "$prefix.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/log

# apt, looking at the newer Debian alone: whatever mirror and proxy this system uses.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -e security -e updates | sort -u | head -n 1)
[ -n "$mirror" ] || { say "apt names no package source; see sources.list(5)"; exit 1; }
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
printf 'deb %s %s main\ndeb-src %s %s main\n' "$mirror" $suite "$mirror" $suite >"$work/sources.list"
options=(-qq -oDir::Etc::SourceList="$work/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$work/lists"
  -oDir::Cache="$work/cache" -oDir::State::status=/dev/null -oAPT::Sandbox::User=root -oAcquire::Languages=none
  -oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
say "asking apt where the sources are"
apt-get "${options[@]}" update >"$log" 2>&1 || { cat "$log" >&2; exit 1; }

fetch() { # URIS-LINE FILE SHA256
  local uri
  uri=$(sed -n "s/^'\\([^']*\\)'.*/\\1/p" <<<"$1")
  [ -n "$uri" ] || { say "no address for $2"; exit 1; }
  /usr/lib/apt/apt-helper "${options[@]}" download-file "$uri" "$work/$2" "SHA256:$3" >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  echo "$3  $work/$2" | sha256sum --check --quiet
}
fetch_source() { # PACKAGE SHA256
  fetch "$(apt-get "${options[@]}" source --print-uris --download-only "$1" 2>>"$log" | grep -F .orig.tar)" "$1.tar.xz" "$2"
  mkdir "$work/$1"
  tar -C "$work/$1" -xf "$work/$1.tar.xz"
  # some tarballs have a folder of their own at the top
  if [ "$(ls -A "$work/$1" | wc -l)" = 1 ]; then mv "$work/$1" "$work/$1.top" && mv "$work/$1.top"/* "$work/$1"; fi
}
fetch_package() { # PACKAGE, unpacked into the prefix; its hash was checked by apt against the signed index
  (cd "$work" && apt-get "${options[@]}" download "$1" >>"$log" 2>&1 && dpkg-deb -x "$1"_*.deb "$work/packages")
}
fetch_source xnnpack 90bde2caef0f880f627bab0dc805a86c4b8070cd98e3243db3046ab3f3be1a99
fetch_source pthreadpool 4cc3cbd933b28131d2a34edc54f76af9fb41bc490af5eae1a5bd3cd07ea90708
fetch_source fxdiv 7953482badaf4cb34026c3487c257b8e4ab2df061c019bd6fabbbc12ad52c44b
fetch_source fp16 7d7782b37b74136e0e12593a2a93ccbe7db831f4374cc408e44623d9b708b54e
fetch_package libcpuinfo0
fetch_package libcpuinfo-dev

# The finished tree is moved into place, so everything is installed as if it were there already.
stage=$work/stage
mkdir -p "$stage$prefix/include" "$stage$prefix/lib"
cp "$work"/packages/usr/include/*.h "$work"/fxdiv/include/*.h "$stage$prefix/include/"
cp -r "$work"/fp16/include/* "$stage$prefix/include/"
cp -P "$work"/packages/usr/lib/*/libcpuinfo.so* "$stage$prefix/lib/"

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
  -DFXDIV_SOURCE_DIR="$work/fxdiv" -DPTHREADPOOL_ALLOW_DEPRECATED_API=ON -DFXDIV_BUILD_TESTS=OFF -DFXDIV_BUILD_BENCHMARKS=OFF
# GCC 12 knows AVX512FP16, but XNNPACK only believes GCC 13; without it float16 is four times slower.
sed -i 's/CMAKE_C_COMPILER_VERSION VERSION_LESS "13"/CMAKE_C_COMPILER_VERSION VERSION_LESS "12"/' "$work/xnnpack/CMakeLists.txt"
build xnnpack -DXNNPACK_LIBRARY_TYPE=static -DXNNPACK_USE_SYSTEM_LIBS=ON -DXNNPACK_BUILD_TESTS=OFF \
  -DXNNPACK_BUILD_BENCHMARKS=OFF -DXNNPACK_BUILD_ALL_MICROKERNELS=OFF -DXNNPACK_ENABLE_KLEIDIAI=OFF \
  -DCPUINFO_SOURCE_DIR="$stage$prefix" -DPTHREADPOOL_SOURCE_DIR="$stage$prefix" -DFXDIV_SOURCE_DIR="$work/fxdiv"

for file in include/xnnpack.h include/pthreadpool.h lib/libXNNPACK.a lib/libpthreadpool.a lib/libcpuinfo.so; do
  [ -e "$stage$prefix/$file" ] || { say "the build gave no $file"; exit 1; }
done
echo "$version" >"$stage$prefix/complete"
rm -rf "$prefix"
mv "$stage$prefix" "$prefix"
say "kept in $prefix"
echo "$prefix"
