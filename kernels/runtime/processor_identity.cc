// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/processor_identity.h"

#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace mobilediffusion::kernels {

std::string processor_identity() {
#if defined(__x86_64__) || defined(__i386__)
  std::string text;
  for (const auto& [leaf, subleaf] : {std::pair{1u, 0u}, {7u, 0u}, {7u, 1u}}) {
    unsigned int a = 0, b = 0, c = 0, d = 0;
    __get_cpuid_count(leaf, subleaf, &a, &b, &c, &d);
    // Of leaf 1, b says which core asked, and c's bit 27 what the system has switched on.
    if (leaf == 1) b = 0;
    for (const unsigned int word : {a, b, c, d}) text += std::to_string(word) + ",";
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
