// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/processor.h"

#include "kernels/runtime/cpuid.h"

namespace mobilediffusion::kernels {
namespace {

// Bits of leaf 7: of its first and second part.
constexpr unsigned kAvx512Vnni = 11, kAvx512Float16 = 23, kAmxInt8 = 25, kAvxVnni = 4;

bool has(unsigned word, unsigned bit) { return (word >> bit & 1) != 0; }

}  // namespace

bool multiplies_bytes_in_avx512() {
  static const bool does = has(cpuid(7, 0).c, kAvx512Vnni);
  return does;
}

bool multiplies_bytes_in_avx() {
  static const bool does = has(cpuid(7, 1).a, kAvxVnni);
  return does;
}

bool multiplies_byte_tiles() {
  static const bool does = has(cpuid(7, 0).d, kAmxInt8);
  return does;
}

bool multiplies_halves() {
  static const bool does = has(cpuid(7, 0).d, kAvx512Float16);
  return does;
}

}  // namespace mobilediffusion::kernels
