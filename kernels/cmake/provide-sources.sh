#!/usr/bin/env bash
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# Fetches the sources of what this library is built on, and prints the folder that holds them, each in a folder of its own
# name. For machines whose packages are too old, and for targets that have no packages: Windows, macOS, a static program.
#
#   cmake -B build -DMOBILEDIFFUSION_SOURCES_DIR="$(kernels/cmake/provide-sources.sh)" ...
#   kernels/cmake/provide-sources.sh NAME...      only these: a source below, or a package of Debian, unpacked
#
# Sources come through apt from Debian 13's index, or as crates through cargo, which wrap the C++ sources of two libraries
# whole; each is checked against the hash below. They stay in the user's cache folder, so this is done once.
set -euo pipefail

suite=trixie
declare -A tarball=( # Debian's source packages
  [xnnpack]=90bde2caef0f880f627bab0dc805a86c4b8070cd98e3243db3046ab3f3be1a99
  [pthreadpool]=4cc3cbd933b28131d2a34edc54f76af9fb41bc490af5eae1a5bd3cd07ea90708
  [fxdiv]=7953482badaf4cb34026c3487c257b8e4ab2df061c019bd6fabbbc12ad52c44b
  [fp16]=7d7782b37b74136e0e12593a2a93ccbe7db831f4374cc408e44623d9b708b54e
  [highway]=7e0be78b8318e8bdbf6fa545d2ecb4c90f947df03f7aadc42c1967f019e63343
  [cpp-httplib]=c88f6495da71e778c82c22995b547a92ceb41cc4016f9028df67106a24b9210d
  [googletest]=2f54382b5d13d6cd0be2afc524f1e510d37f8ba78c2d439c5bea64ef37e30d01
)
declare -A crate=( # name, version, and the folder inside
  [sentencepiece]="sentencepiece-sys 0.14.0 source 1f4f7b039e2b80f69283f56211f9457ea3f4a8d3045b9ba4282326b446fa3a9a"
  [utf8proc]="utf8proc-sys 0.1.2 utf8proc a3232ee5a98c4de53303dced4b70f0b42d456c71a36372832b08184f2d864aec"
)
# Debian's packages of headers alone, which serve every target
headers=(libcpuinfo-dev libcli11-dev libeigen3-dev libstb-dev nlohmann-json3-dev)

folder=${XDG_CACHE_HOME:-$HOME/.cache}/mobilediffusion/sources-2
[ $# -gt 0 ] || set -- "${!tarball[@]}" "${!crate[@]}" "${headers[@]}"
missing=()
for name in "$@"; do [ -d "$folder/$name" ] || missing+=("$name"); done
if [ ${#missing[@]} = 0 ]; then echo "$folder"; exit; fi

say() { echo "sources: $*" >&2; }
mkdir -p "$folder"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/log
quietly() { "$@" >>"$log" 2>&1 || { tail -n 40 "$log" >&2; say "failed: $*"; exit 1; }; }

source "$(dirname "${BASH_SOURCE[0]}")/apt-index.sh"
ask_apt() {
  [ ! -d "$work/lists" ] || return 0
  say "asking apt where they are"
  ask_apt_index "$work" "$suite"
}

fetch_tarball() { # NAME SHA256
  ask_apt
  local uri
  uri=$(apt-get "${apt_options[@]}" source --print-uris --download-only "$1" 2>>"$log" | grep -F .orig.tar | sed -n "s/^'\\([^']*\\)'.*/\\1/p")
  [ -n "$uri" ] || { say "apt gives no address for $1"; exit 1; }
  quietly /usr/lib/apt/apt-helper "${apt_options[@]}" download-file "$uri" "$work/$1.tar" "SHA256:$2"
  quietly sha256sum --check --quiet <<<"$2  $work/$1.tar"
  mkdir "$work/$1"
  tar -C "$work/$1" -xf "$work/$1.tar"
  # some tarballs have a folder of their own at the top
  if [ "$(ls -A "$work/$1" | wc -l)" = 1 ]; then mv "$work/$1" "$work/$1.top" && mv "$work/$1.top"/* "$work/$1"; fi
  # GCC for 64-bit Arm makes no half of a bfloat16 but by a float.
  [ "$1" != xnnpack ] || sed -i '/struct ConvertOp/,/^};/ s/static_cast<TOut>(x)/static_cast<TOut>(static_cast<typename std::conditional<std::is_arithmetic<TIn>::value, TIn, float>::type>(x))/' \
    "$work/xnnpack/src/reference/unary-elementwise.cc"
}

fetch_crate() { # NAME CRATE VERSION FOLDER SHA256
  command -v cargo >/dev/null || { say "$1 comes as a crate: cargo is needed (Debian 13's package cargo)"; exit 1; }
  mkdir -p "$work/$1.crate/src"
  touch "$work/$1.crate/src/lib.rs"
  printf '[package]\nname = "sources"\nversion = "0.0.0"\n[dependencies]\n%s = "=%s"\n' "$2" "$3" >"$work/$1.crate/Cargo.toml"
  quietly cargo vendor --quiet --versioned-dirs --manifest-path "$work/$1.crate/Cargo.toml" "$work/$1.vendor"
  # cargo held the crate to its index's hash, and notes the hash
  grep -qF "\"package\":\"$5\"" "$work/$1.vendor/$2-$3/.cargo-checksum.json" || { say "$2 $3 is not the crate of hash $5"; exit 1; }
  mv "$work/$1.vendor/$2-$3/$4" "$work/$1"
}

fetch_package() { # PACKAGE; apt holds it to the signed index
  ask_apt
  (cd "$work" && quietly apt-get "${apt_options[@]}" download "$1" && quietly dpkg-deb -x "$1"_*.deb "$work/$1")
}

for name in "${missing[@]}"; do
  say "fetching $name"
  if [ -n "${tarball[$name]:-}" ]; then
    fetch_tarball "$name" "${tarball[$name]}"
  elif [ -n "${crate[$name]:-}" ]; then
    # shellcheck disable=SC2086 # four words
    fetch_crate "$name" ${crate[$name]}
  else
    fetch_package "$name"
  fi
  # moved into place whole; another run may have been faster
  mv -T "$work/$name" "$folder/$name" 2>>"$log" || [ -d "$folder/$name" ]
done
say "kept in $folder"
echo "$folder"
