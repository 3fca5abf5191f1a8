# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# How the scripts that make a folder once keep it in the user's cache folder, and print its name: `source` it.

say() { echo "$who: $*" >&2; }
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; say "failed: $*"; exit 1; }; }

begin_folder() { # WHO NAME: ends the script where the folder is there already; else sets work, a place to make it in
  who=$1 folder=${XDG_CACHE_HOME:-$HOME/.cache}/mobilediffusion/$2
  if [ -d "$folder" ]; then echo "$folder"; exit; fi
  mkdir -p "$(dirname "$folder")"
  work=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$work"' EXIT
}

keep_folder() { # MADE: moves it to its place, unless another script was faster
  mv -T "$1" "$folder" 2>/dev/null || [ -d "$folder" ]
  say "kept in $folder"
  echo "$folder"
}
