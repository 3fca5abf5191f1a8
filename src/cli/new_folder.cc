// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/new_folder.h"

#include <vector>

#include "src/cli/platform.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion::cli {

namespace fs = std::filesystem;

Result<fs::path> make_folder(const std::string& path, const std::function<Status(const fs::path& folder)>& fill) {
  catch_interrupts();
  const InterruptGuard guard;
  std::error_code error;
  const fs::path wanted = to_path(path);
  if (fs::exists(wanted, error) && !(fs::is_directory(wanted, error) && fs::is_empty(wanted, error)))
    return Status(StatusCode::kInvalidArgument, path + " exists and is no empty folder");
  fs::path target = wanted.lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  fs::path part = target;
  part += ".part-" + std::to_string(process_id());
  std::vector<fs::path> parents;  // that do not exist yet, the innermost first
  for (fs::path parent = target.parent_path(); !parent.empty() && !fs::exists(parent, error);
       parent = parent.parent_path()) {
    parents.push_back(parent);
  }
  fs::create_directories(part, error);
  Status status = error
                      ? Status(StatusCode::kIoError, "cannot make the folder " + to_utf8(part) + ": " + error.message())
                      : fill(part);
  if (status.ok() && interrupted()) status = Status(StatusCode::kCancelled, "interrupted: " + path + " was not made");
  if (status.ok()) {
    fs::remove(target, error);
    fs::rename(part, target, error);
    if (error)
      status = Status(StatusCode::kIoError, "cannot make the folder " + to_utf8(target) + ": " + error.message());
  }
  if (!status.ok()) {
    fs::remove_all(part, error);
    for (const fs::path& parent : parents) fs::remove(parent, error);  // where empty
    return status;
  }
  return target;
}

}  // namespace mobilediffusion::cli
