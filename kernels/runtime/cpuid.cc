// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/cpuid.h"

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <intrin.h>
#elif defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace mobilediffusion::kernels {

CpuidWords cpuid([[maybe_unused]] unsigned leaf, [[maybe_unused]] unsigned subleaf) {
  CpuidWords words;
#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
  int told[4] = {};
  __cpuid(told, 0);
  if (static_cast<unsigned>(told[0]) < leaf) return words;
  __cpuidex(told, static_cast<int>(leaf), static_cast<int>(subleaf));
  words = {static_cast<unsigned>(told[0]), static_cast<unsigned>(told[1]), static_cast<unsigned>(told[2]),
           static_cast<unsigned>(told[3])};
#elif defined(__x86_64__) || defined(__i386__)
  __get_cpuid_count(leaf, subleaf, &words.a, &words.b, &words.c, &words.d);
#endif
  return words;
}

}  // namespace mobilediffusion::kernels
