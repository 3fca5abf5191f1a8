// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A folder that a command makes: whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// kInvalidArgument where something is there already, an empty folder excepted.
Status check_new_folder(const std::string& path);

// `fill` works on a folder beside the place, which is put there when it is done; where it fails nothing is left behind.
// Missing parents are made. Errors: kInvalidArgument as above, kIoError, and those of `fill`.
Status make_folder(const std::string& path, const std::function<Status(const std::filesystem::path& folder)>& fill);

}  // namespace mobilediffusion::cli
