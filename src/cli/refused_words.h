// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// Adds --refuse-words.
void add_refused_words(CLI::App& command, std::string* path);

// The filter of that file's words and phrases; of no path none. Messages name the file.
Result<PromptFilter> filter_by_file(const std::string& path);

}  // namespace mobilediffusion::cli
