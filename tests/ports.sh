# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# What the tests of other systems share: `source` it from the checkout's root.

source .setup/setup.sh

skip_without() { # REASON COMMAND...: exits as ctest knows it where one is missing
  local reason=$1 command
  shift
  for command in "$@"; do
    command -v "$command" >/dev/null && continue
    echo "skipped: it wants $reason"
    exit 77
  done
}

# Those, and cargo, by which two dependencies' sources come, unless the user has one.
install_with_cargo() { # PACKAGE...
  command -v cargo >/dev/null || set -- "$@" cargo ca-certificates
  install_packages "$@"
}

# This machine's program, to compare with: $host.
build_host() {
  if [ -f "$build/build.ninja" ]; then
    quietly cmake --build "$build" --target mobilediffusion_cli
  else
    build -DMOBILEDIFFUSION_BUILD_TESTS=OFF -- mobilediffusion_cli
  fi
  host=$build/src/cli/mobilediffusion
}

# The folder of the default model.
default_model() {
  echo "$project/models/$(sed -n 's/^set(MOBILEDIFFUSION_DEFAULT_MODEL \([^)]*\)).*/\1/p' "$project/CMakeLists.txt")"
}

project_version() {
  sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' "$project/CMakeLists.txt"
}

# The npm package as someone has it who has no more than its tarball, with its tests and the packed model beside it.
install_npm_package() { # FOLDER
  local tarball
  model=$(default_model)
  quietly "$host" pack "$model" "$1/model.mdiff"
  tarball=$(src/bindings/javascript/pack)
  echo '{"type": "module"}' >"$1/package.json"
  quietly npm install --prefix "$1" --offline --no-audit --no-fund "$tarball"
  cp -R src/bindings/javascript/test "$1"
}

# Each of ctest's tests is a program of many: the sum of what they count, by a pattern with one group.
count_results() { # BUILD PATTERN
  sed -n "s/.*$2.*/\\1/p" "$1/Testing/Temporary/LastTest.log" | awk '{ sum += $1 } END { print sum + 0 }'
}

say_results() { # BUILD SYSTEM
  echo "$2: $(count_results "$1" '\[  PASSED  \] \([0-9]*\) test') tests passed," \
    "$(count_results "$1" '\[  SKIPPED \] \([0-9]*\) test') skipped," \
    "$(count_results "$1" 'Ran \([0-9]*\) test') of the program's"
}
