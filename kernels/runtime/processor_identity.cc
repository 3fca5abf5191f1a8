// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/processor_identity.h"

#include <utility>

#include "kernels/runtime/cpuid.h"

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace mobilediffusion::kernels {

std::string processor_identity() {
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
  std::string text;
  for (const auto& [leaf, subleaf] : {std::pair{1u, 0u}, {7u, 0u}, {7u, 1u}}) {
    CpuidWords words = cpuid(leaf, subleaf);
    // Of leaf 1, b says which core asked, and c's bit 27 what the system has switched on.
    if (leaf == 1) words.b = 0;
    for (const unsigned word : {words.a, words.b, words.c, words.d}) text += std::to_string(word) + ",";
  }
  return text;
#elif defined(__linux__)
  return std::to_string(getauxval(AT_HWCAP)) + "," + std::to_string(getauxval(AT_HWCAP2));
#elif defined(__APPLE__)
  char brand[128] = {};
  size_t size = sizeof brand - 1;
  sysctlbyname("machdep.cpu.brand_string", brand, &size, nullptr, 0);
  return brand;
#else
  return {};
#endif
}

}  // namespace mobilediffusion::kernels
