// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>

namespace mobilediffusion::kernels {

// What packed weights depend on beside the weights: XNNPACK's build and the processor, whose abilities choose the
// kernels.
std::string packing_identity();

}  // namespace mobilediffusion::kernels
