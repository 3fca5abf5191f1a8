// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an x86 processor has beyond the vectors that Highway tells of; false of every other. Found out once a process.
#pragma once

namespace mobilediffusion::kernels {

// Products of 8-bit numbers added to 32-bit sums in one instruction: AVX-VNNI or AVX-512 VNNI. Where there are none,
// such products take as many instructions as float32's.
bool multiplies_bytes();

// Products of halves in as many lanes as they fill: AVX512-FP16.
bool multiplies_halves();

}  // namespace mobilediffusion::kernels
