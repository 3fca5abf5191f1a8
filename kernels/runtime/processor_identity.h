// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>

namespace mobilediffusion::kernels {

// What this processor is able to do, as it says so itself; empty where it does not.
std::string processor_identity();

}  // namespace mobilediffusion::kernels
