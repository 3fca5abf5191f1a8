// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <filesystem>

namespace mobilediffusion {

// The folder of the binary that this code is in: the shared library, or the program that it was linked into. Empty where
// the system does not say.
std::filesystem::path own_folder();

}  // namespace mobilediffusion
