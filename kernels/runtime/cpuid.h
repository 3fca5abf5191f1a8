// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// An x86 processor's account of itself.
#pragma once

namespace mobilediffusion::kernels {

struct CpuidWords {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// Zeros where the processor has no such leaf, or is no x86.
CpuidWords cpuid(unsigned leaf, unsigned subleaf);

}  // namespace mobilediffusion::kernels
