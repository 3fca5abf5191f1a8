# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#
# How the scripts that fetch from Debian look at the index of one release, apart from what this system has of its own:
# `source` it. The caller has `say` and `quietly`.

ask_apt_index() { # FOLDER SUITE APT-OPTION...: sets apt_options, with which apt-get sees that index alone
  local folder=$1 suite=$2 mirror
  shift 2
  # whatever mirror and proxy this system uses
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -e security -e updates | sort -u | head -n 1)
  [ -n "$mirror" ] || { say "apt names no package source; see sources.list(5)"; exit 1; }
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  printf 'deb %s %s main\ndeb-src %s %s main\n' "$mirror" "$suite" "$mirror" "$suite" >"$folder/sources.list"
  apt_options=(-qq -oDir::Etc::SourceList="$folder/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$folder/lists"
    -oDir::Cache="$folder/cache" -oDir::State::status=/dev/null -oAPT::Sandbox::User=root -oAcquire::Languages=none
    -oAcquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false "$@")
  quietly apt-get "${apt_options[@]}" update
}
