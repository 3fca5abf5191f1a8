// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an x86 processor has beyond the vectors that Highway tells of; false of every other. Found out once a process.
#pragma once

namespace mobilediffusion::kernels {

// Products of 8-bit numbers added to 32-bit sums in one instruction, on vectors of 512 bits and of 256: AVX-512 VNNI and
// AVX-VNNI. Where there are neither, such products take as many instructions as float32's.
bool multiplies_bytes_in_avx512();
bool multiplies_bytes_in_avx();
inline bool multiplies_bytes() { return multiplies_bytes_in_avx512() || multiplies_bytes_in_avx(); }

// Products of tiles of 8-bit numbers: AMX-INT8.
bool multiplies_byte_tiles();

// Products of halves in as many lanes as they fill: AVX512-FP16.
bool multiplies_halves();

}  // namespace mobilediffusion::kernels
