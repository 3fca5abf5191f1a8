// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How models that people have are meant to be sampled from, where their folders do not say: by their names, and by what
// their configurations are.
#pragma once

#include <span>
#include <string>

#include "src/model/config.h"

namespace mobilediffusion {

// Sets the scheduler's sampler where the folder names a wrong one, and steps and guidance where the caller names none.
// `names` are what the folder, its files and their pipeline are called, the most telling first.
void apply_known_model(std::span<const std::string> names, const UNetConfig& unet, SchedulerConfig* scheduler);

}  // namespace mobilediffusion
