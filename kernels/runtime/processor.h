// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What this processor has beyond the vectors that Highway tells of. Found out once a process.
#pragma once

namespace mobilediffusion::kernels {

// Products of 8-bit numbers added to 32-bit sums in one instruction: AVX-VNNI, AVX-512 VNNI or AMX; Arm's dot products.
// Where there are none, such products take as many instructions as float32's.
bool multiplies_bytes();

// Products of halves in as many lanes as they fill: AVX512-FP16, Arm's FP16 arithmetic.
bool multiplies_halves();

}  // namespace mobilediffusion::kernels
