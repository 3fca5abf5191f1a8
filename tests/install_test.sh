#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Installs the library, static and shared, and builds and runs examples/consumer and examples/c against it: by find_package,
# by pkg-config and as a subproject. Usage: install_test.sh BUILD-FOLDER (whose configuration is taken over) DEFAULT-MODEL (of
# models/). Exit 77: there is no such model.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
built=$1 model=$2
[ -f "$source/models/$model/model_index.json" ] || { echo "skipped: there is no default model yet"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cached() { sed -n "s/^$1:[A-Z]*=//p" "$built/CMakeCache.txt"; }
options=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DXNNPACK_FETCH=OFF -DXNNPACK_ROOT="$(cached XNNPACK_ROOT)" -DMOBILEDIFFUSION_BUILD_TESTS=OFF
  -DHTTPLIB_INCLUDE_DIR="$(cached HTTPLIB_INCLUDE_DIR)" -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG") # it is built, and draws a few pictures

draws() { # PROGRAM...
  rm -f "$work/boats.png"
  (cd "$work" && env -u MOBILEDIFFUSION_MODEL "$@")
  head -c 8 "$work/boats.png" | od -An -tx1 | grep -q "89 50 4e 47 0d 0a 1a 0a"
}

echo "== as a subproject"
mkdir "$work/sub"
cat >"$work/sub/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(sub LANGUAGES C CXX)
include(FetchContent)
FetchContent_Declare(mobilediffusion SOURCE_DIR $source)
FetchContent_MakeAvailable(mobilediffusion)
add_executable(consumer $source/examples/consumer/main.cc)
target_link_libraries(consumer PRIVATE mobilediffusion::mobilediffusion)
END
cmake -S "$work/sub" -B "$work/sub/build" "${options[@]}" >/dev/null
cmake --build "$work/sub/build" --target consumer >/dev/null
draws "$work/sub/build/consumer"

for shared in OFF ON; do
  echo "== installed, shared libraries $shared"
  prefix=$work/installed-$shared
  if [ $shared = OFF ]; then
    cmake --install "$built" --prefix "$prefix" >/dev/null
  else
    # of the subproject, whose objects serve both kinds of libraries
    cmake -S "$work/sub" -B "$work/sub/build" -DBUILD_SHARED_LIBS=ON -DMOBILEDIFFUSION_BUILD_CLI=ON -DMOBILEDIFFUSION_INSTALL=ON \
      -DCMAKE_INSTALL_PREFIX="$prefix" >/dev/null
    cmake --build "$work/sub/build" --target mobilediffusion_cli >/dev/null # as examples/picture does
    cmake --install "$work/sub/build" >/dev/null
  fi

  cmake -S "$source/examples/consumer" -B "$work/consumer-$shared" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
  cmake --build "$work/consumer-$shared" >/dev/null
  draws env MOBILEDIFFUSION_MODEL="$prefix/share/mobilediffusion/models/$model" "$work/consumer-$shared/consumer"

  # In C, where no compiler of C++ is at hand.
  CXX=no-compiler cmake -S "$source/examples/c" -B "$work/c-$shared" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
  cmake --build "$work/c-$shared" >/dev/null
  draws env MOBILEDIFFUSION_MODEL="$prefix/share/mobilediffusion/models/$model" "$work/c-$shared/c_consumer"

  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig:$prefix/lib/$(gcc -print-multiarch)/pkgconfig
  kind=()
  [ $shared = ON ] || kind=(--static)
  # shellcheck disable=SC2046
  g++ -std=c++20 -fno-exceptions -fno-rtti "$source/examples/consumer/main.cc" -o "$work/by-pkg-config" \
    $(pkg-config --cflags mobilediffusion) $(pkg-config "${kind[@]}" --libs mobilediffusion) \
    -Wl,-rpath,"$(pkg-config --variable=libdir mobilediffusion)" -Wl,-rpath,"$(cached XNNPACK_ROOT)/lib"
  draws "$work/by-pkg-config"
  # shellcheck disable=SC2046
  gcc -std=c11 -Wall -Wextra -Wpedantic -Werror "$source/examples/c/main.c" -o "$work/c-by-pkg-config" \
    $(pkg-config --cflags mobilediffusion) $(pkg-config "${kind[@]}" --libs mobilediffusion) \
    -Wl,-rpath,"$(pkg-config --variable=libdir mobilediffusion)" -Wl,-rpath,"$(cached XNNPACK_ROOT)/lib"
  draws "$work/c-by-pkg-config"
done

echo "== the installed program finds its model"
draws "$work/installed-ON/bin/mobilediffusion" generate "two red boats at sunset" -o boats.png

echo "== a shared library shows its public names alone"
library=$(find "$work/installed-ON" -name 'libmobilediffusion.so' | head -n 1)
cmake -D NM=nm -D LIBRARY="$library" -D LIST="$source/src/c/exported_symbols.txt" -P "$source/src/c/check_exported_symbols.cmake"
