// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string_view>

namespace mobilediffusion::kernels {

// The instruction set that the loops of Highway here take on this processor, as Highway names it: "AVX2", "NEON".
std::string_view vector_target();

}  // namespace mobilediffusion::kernels
