// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>

namespace mobilediffusion {

// A variable of the environment, as UTF-8; empty where it is not set.
std::string environment_variable(const char* name);

}  // namespace mobilediffusion
