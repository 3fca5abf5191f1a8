// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A folder that a command makes: whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// Where the folder is, once it is made. `fill` works on a folder beside the place, which is put there when it is done;
// where it fails, or the user pressed Ctrl-C, nothing is left behind. Missing parents are made. Errors: kInvalidArgument where something is there
// already, an empty folder excepted; kIoError; those of `fill`.
Result<std::filesystem::path> make_folder(const std::string& path,
                                          const std::function<Status(const std::filesystem::path& folder)>& fill);

}  // namespace mobilediffusion::cli
