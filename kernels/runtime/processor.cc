// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/processor.h"

#include <algorithm>
#include <utility>

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#include "kernels/runtime/cpuid.h"
#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_M_ARM64)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

namespace mobilediffusion::kernels {
namespace {

using Found = std::pair<std::string_view, bool>;

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)

bool has(unsigned word, unsigned bit) { return (word >> bit & 1) != 0; }

std::vector<Found> ask() {
  const CpuidWords first = cpuid(1, 0), seventh = cpuid(7, 0), further = cpuid(7, 1);
  return {{"FMA", has(first.c, 12)},
          {"AVX2", has(seventh.b, 5)},
          {"AVX-512", has(seventh.b, 16)},
          {"AVX-VNNI", has(further.a, 4)},
          {"AVX-512 VNNI", has(seventh.c, 11)},
          {"AVX512-FP16", has(seventh.d, 23)},
          {"AMX", has(seventh.d, 25)},
          {"AMX bfloat16", has(seventh.d, 22) && has(further.a, 5)}};
}

#elif defined(__aarch64__) && defined(__linux__)

std::vector<Found> ask() {
  const unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
  return {{"FP16", (first & HWCAP_ASIMDHP) != 0}, {"dot products", (first & HWCAP_ASIMDDP) != 0},
          {"i8mm", (second & HWCAP2_I8MM) != 0},  {"bf16", (second & HWCAP2_BF16) != 0},
          {"SVE", (first & HWCAP_SVE) != 0},      {"SVE2", (second & HWCAP2_SVE2) != 0},
          {"SME", (second & (1UL << 23)) != 0}};  // HWCAP2_SME, which older headers have not
}

#elif defined(__aarch64__) && defined(__APPLE__)

std::vector<Found> ask() {
  const auto told = [](const char* name) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
  };
  return {{"FP16", told("hw.optional.arm.FEAT_FP16")},
          {"dot products", told("hw.optional.arm.FEAT_DotProd")},
          {"i8mm", told("hw.optional.arm.FEAT_I8MM")},
          {"bf16", told("hw.optional.arm.FEAT_BF16")},
          {"SME", told("hw.optional.arm.FEAT_SME")}};
}

#elif defined(_M_ARM64)

// Windows tells of dot products alone; every processor that has them there has arithmetic on halves.
std::vector<Found> ask() {
  constexpr DWORD kDotProducts = 43;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE, which older headers have not
  const bool found = IsProcessorFeaturePresent(kDotProducts) != 0;
  return {{"FP16", found}, {"dot products", found}};
}

#else

std::vector<Found> ask() { return {}; }

#endif

std::vector<std::string_view> those_found() {
  std::vector<std::string_view> names;
  for (const auto& [name, found] : ask()) {
    if (found) names.push_back(name);
  }
  return names;
}

}  // namespace

const std::vector<std::string_view>& instruction_sets() {
  static const std::vector<std::string_view> names = those_found();
  return names;
}

bool has_instructions(std::string_view name) {
  return std::ranges::find(instruction_sets(), name) != instruction_sets().end();
}

bool multiplies_bytes() {
  static const bool does = has_instructions("AVX-512 VNNI") || has_instructions("AVX-VNNI");
  return does;
}

bool system_lends_tiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool multiplies_halves() {
  static const bool does = has_instructions("AVX512-FP16");
  return does;
}

}  // namespace mobilediffusion::kernels
