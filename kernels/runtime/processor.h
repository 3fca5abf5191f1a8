// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a processor's instructions multiply, as it or its system tells.
#pragma once

#include <string_view>
#include <vector>

namespace mobilediffusion::kernels {

// Those of these that this processor has. x86-64: "FMA", "AVX2", "AVX-512", "AVX-VNNI", "AVX-512 VNNI", "AVX512-FP16",
// "AMX", "AMX bfloat16"; 64-bit Arm: "FP16" (arithmetic), "dot products", "i8mm", "bf16", "SVE", "SVE2", "SME". Found
// out once a process.
const std::vector<std::string_view>& instruction_sets();
bool has_instructions(std::string_view name);

// On x86, products of 8-bit numbers added to 32-bit sums in one instruction: AVX-VNNI or AVX-512 VNNI. Where there are
// none, such products take as many instructions as float32's.
bool multiplies_bytes();

// On x86, products of halves in as many lanes as they fill: AVX512-FP16.
bool multiplies_halves();

// Whether the system lets this process use AMX's registers: Linux does when it is asked, which this does.
bool system_lends_tiles();

}  // namespace mobilediffusion::kernels
