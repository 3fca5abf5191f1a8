// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The layout of Hugging Face's cache: models--ORGANISATION--NAME/snapshots/REVISION is a model's folder, and refs/main
// says which revision was fetched last.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

// The snapshot that is meant by a models--... folder, or by its snapshots/: what refs/main names, or the only one there
// is. Every other folder is its own answer. Errors: kNotFound where there is no snapshot, or several and no refs/main.
Result<SourcePath> resolve_hub_folder(const SourcePath& folder);

// The names in a path's models--... parts, as "ORGANISATION/NAME", from its end to its beginning.
std::vector<std::string> hub_names(std::string_view path);

}  // namespace mobilediffusion
