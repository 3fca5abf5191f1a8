// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/model_names.h"

#include <filesystem>
#include <system_error>

#include "src/files/utf8_path.h"
#include "src/model/hub_folder.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as many as systems follow

fs::path real_path(const fs::path& given) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(given, error);
  return error ? given : real;
}

void add_names_of(const std::string& path, std::vector<std::string>* names) {
  const SourcePath place(path);
  if (!place.leaf().empty()) names->push_back(place.leaf());
  for (std::string& name : hub_names(path)) names->push_back(std::move(name));
}

}  // namespace

std::string display_name(const SourcePath& folder) {
  if (!folder.on_disk()) {
    const std::vector<std::string> given = folder.source().names();
    return !given.empty() ? given.front() : folder.name().empty() ? folder.string() : folder.leaf();
  }
  const fs::path real = real_path(to_path(folder.name()));
  const std::vector<std::string> hub = hub_names(to_utf8(real));
  return hub.empty() ? to_utf8(real.filename()) : SourcePath(hub.front()).leaf();
}

std::vector<std::string> names_of(const SourcePath& folder) {
  std::vector<std::string> names = folder.source().names();
  if (!folder.on_disk()) {
    add_names_of(folder.string(), &names);
    return names;
  }
  fs::path path = to_path(folder.name());
  if (!path.has_filename()) path = path.parent_path();  // "model/"
  std::error_code error;
  for (int links = 0; links < kMostLinks; ++links) {
    add_names_of(to_utf8(path), &names);
    if (!fs::is_symlink(fs::symlink_status(path, error))) break;
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  add_names_of(to_utf8(real_path(to_path(folder.name()))), &names);
  return names;
}

}  // namespace mobilediffusion
