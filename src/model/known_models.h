// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How models that people have are meant to be sampled from, where their folders do not say: by their names, and by what
// their configurations are.
#pragma once

#include <span>
#include <string>

#include "src/model/config.h"

namespace mobilediffusion {

// How a model is sampled from where the caller does not say, and what that rests on.
struct Recipe {
  std::string reason;    // in words, for people; empty: the folder itself says all
  bool assumed = false;  // nothing says that the model was not distilled to fewer steps
};

// Sets the scheduler's sampler where the folder names a wrong one, and steps and guidance where the caller names none.
// `names` are what the folder is called, `written` what its files call the model that it was made from, and the
// pipeline: a model that was distilled keeps the other's name there.
Recipe apply_known_model(std::span<const std::string> names, std::span<const std::string> written,
                         const UNetConfig& unet, SchedulerConfig* scheduler);

// What to tell a person who did not choose: what was assumed and how to choose. Empty where nothing was.
std::string assumption(const Recipe& recipe, const SchedulerConfig& scheduler);

}  // namespace mobilediffusion
