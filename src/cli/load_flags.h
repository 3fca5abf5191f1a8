// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The flags that say how a model is loaded, the same for every command that loads one to draw with.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"

namespace mobilediffusion::cli {

// Adds --threads, --precision, --vae, --lora, --memory, --cache and --cache-limit. The cache folder is this user's
// unless the command line says otherwise.
void add_load_flags(CLI::App& command, LoadOptions* options);

// Adds --lora alone.
void add_loras(CLI::App& command, std::vector<Lora>* loras);

// Adds --precision alone.
void add_precision(CLI::App& command, Precision* precision);

}  // namespace mobilediffusion::cli
