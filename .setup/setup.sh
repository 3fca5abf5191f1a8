# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# What the two commands of the README share: `source` it, then call setup and build. On Debian and its kin it installs what
# is missing from the system's packages (as root, or through sudo), and builds into build/.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$project/build
python=/usr/bin/python3 # which the packages are for, whatever other stands first on PATH
log=$(mktemp "${TMPDIR:-/tmp}/mobilediffusion-setup.XXXXXX")
trap 'rm -f "$log"' EXIT

say() { echo "-- $*" >&2; }

# Runs a command silently; what it printed is shown where it fails.
quietly() {
  "$@" >"$log" 2>&1 && return
  tail -n 60 "$log" >&2
  say "failed: $*"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() { # PACKAGE...
  local package missing=() ours
  # another processor's package of the same name is no use here
  ours=$(dpkg --print-architecture)
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status} ${Architecture}\n' "$package" 2>/dev/null | grep -qxE "installed (all|$ours)" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}"
}

setup() { # FURTHER-PACKAGES...
  command -v apt-get >/dev/null || {
    say "this script knows Debian's packages; elsewhere install what the README lists and use CMake"
    exit 1
  }
  install_packages g++ cmake ninja-build pkg-config python3 xz-utils libeigen3-dev libhwy-dev libsentencepiece-dev libstb-dev \
    libutf8proc-dev nlohmann-json3-dev libcli11-dev "$@"
  # The system's XNNPACK where it is new enough, else a build of our own in the user's cache.
  xnnpack=()
  local candidate
  candidate=$(apt-cache policy libxnnpack-dev | sed -n 's/^ *Candidate: [^0-9]*0\.0~git\([0-9]*\).*/\1/p')
  if [ "${candidate:-0}" -ge 20241108 ]; then
    install_packages libxnnpack-dev libpthreadpool-dev
  else
    xnnpack=(-DXNNPACK_ROOT="$("$project/kernels/cmake/provide-xnnpack.sh")")
  fi
  # cpp-httplib's header comes from Debian's source package; on Debian's kin, whose mirrors have another, CMake fetches it.
  httplib=()
  if grep -qx ID=debian /etc/os-release; then
    httplib=(-DHTTPLIB_INCLUDE_DIR="$("$project/kernels/cmake/provide-sources.sh" cpp-httplib)/cpp-httplib")
  else
    install_packages ca-certificates
  fi
}

build() { # CMAKE-OPTIONS... -- TARGETS...
  local options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift || true
  say "building in $build"
  quietly cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DXNNPACK_FETCH=OFF "${xnnpack[@]}" "${httplib[@]}" "${options[@]}"
  quietly cmake --build "$build" --target "${@:-all}"
}
