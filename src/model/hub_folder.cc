// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/hub_folder.h"

#include <algorithm>

#include "src/files/in_message.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kPrefix = "models--", kSnapshots = "snapshots";

// The revision that a models--... folder says is the present one. "" where it says none.
std::string present_revision(const SourcePath& hub) {
  const SourcePath reference = hub / "refs/main";
  if (!reference.exists()) return {};
  const Result<std::string> text = read_text_file(reference);
  if (!text.ok()) return {};
  const std::string revision = text->substr(0, text->find_first_of(" \t\r\n"));
  return revision.find_first_of("/\\.") == std::string::npos ? revision : std::string();
}

}  // namespace

Result<SourcePath> resolve_hub_folder(const SourcePath& folder) {
  const bool inside = folder.leaf() == kSnapshots && folder.parent().leaf().starts_with(kPrefix);
  const SourcePath hub = inside ? folder.parent() : folder;
  const SourcePath snapshots = inside ? folder : folder / kSnapshots;
  if (!snapshots.is_folder() || (folder / "model_index.json").exists() || (folder / "config.json").exists())
    return folder;
  std::vector<SourcePath> found;
  std::string list;
  for (const std::string& revision : snapshots.list()) {
    const SourcePath snapshot = snapshots / revision;
    if (!snapshot.is_folder()) continue;
    found.push_back(snapshot);
    add_to_list(list, revision);
  }
  if (const std::string revision = present_revision(hub); !revision.empty() && (snapshots / revision).is_folder())
    return snapshots / revision;
  if (found.size() == 1) return found.front();
  return Status(
      StatusCode::kNotFound,
      folder.string() + " is of Hugging Face's cache, and its snapshots folder has " +
          (found.empty() ? "no snapshot: fetch the model again"
                         : std::to_string(found.size()) + ": name the one that is meant, of " + in_message(list)));
}

std::vector<std::string> hub_names(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const size_t slash = path.find_last_of("/\\");
    std::string_view part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    if (!part.starts_with(kPrefix)) continue;
    std::string name(part.substr(kPrefix.size()));
    if (const size_t at = name.find("--"); at != std::string::npos) name.replace(at, 2, "/");
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace mobilediffusion
