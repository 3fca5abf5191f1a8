// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The flags that say how a model is loaded, the same for every command that loads one to draw with.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// Adds --threads, --precision, --vae, --lora, --memory, --cache and --cache-limit. The cache folder is this user's
// unless the command line says otherwise.
void add_load_flags(CLI::App& command, LoadOptions* options);

// Adds --lora alone.
void add_loras(CLI::App& command, std::vector<Lora>* loras);

// Adds --precision alone; `default_name` is what stands there when none is named.
void add_precision(CLI::App& command, Precision* precision, const std::string& default_name);

// Puts what loading takes for Precision::kOfModel in its place, for commands that tell it. Errors: a model's.
Status choose_precision(const std::string& model, LoadOptions* options);

}  // namespace mobilediffusion::cli
