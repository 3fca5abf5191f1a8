// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <filesystem>

namespace mobilediffusion {

// Each is empty where the system does not say.

// The binary that this code is in: the shared library, or the program that it was linked into.
std::filesystem::path own_binary();

// The program that runs: the above, or what has loaded that library.
std::filesystem::path running_program();

}  // namespace mobilediffusion
