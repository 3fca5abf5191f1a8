// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The part of cpuinfo's interface (cpuinfo.h) that XNNPACK calls: which instructions there are. Microarchitectures are told
// apart nowhere, so that XNNPACK takes its kernels for an unknown one.
#include <cpuinfo.h>
#include <stddef.h>

static const struct cpuinfo_uarch_info uarch = {.uarch = cpuinfo_uarch_unknown};
static const struct cpuinfo_core core = {.uarch = cpuinfo_uarch_unknown};

#if CPUINFO_ARCH_X86 || CPUINFO_ARCH_X86_64

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static void cpuid(uint32_t leaf, uint32_t part, uint32_t* registers) { __cpuidex((int*)registers, (int)leaf, (int)part); }
static uint64_t enabled_states(void) { return _xgetbv(0); }
#else
#include <cpuid.h>
static void cpuid(uint32_t leaf, uint32_t part, uint32_t* registers) {
  __cpuid_count(leaf, part, registers[0], registers[1], registers[2], registers[3]);
}
static uint64_t enabled_states(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}
#endif

struct cpuinfo_x86_isa cpuinfo_isa;

static bool bit(uint32_t value, int number) { return (value >> number & 1) != 0; }

// Intel's manual, volume 2A, table 3-17; the states that a system saves are XCR0's, volume 1, chapter 13.
static void detect(void) {
  uint32_t highest[4], one[4], seven[4] = {0}, seven_one[4] = {0};
  cpuid(0, 0, highest);
  cpuid(1, 0, one);
  if (highest[0] >= 7) {
    cpuid(7, 0, seven);
    if (seven[0] >= 1) cpuid(7, 1, seven_one);
  }
  const uint32_t ecx = one[2];
  const uint64_t states = bit(ecx, 27) ? enabled_states() : 0;
  const bool ymm = (states & 0x6) == 0x6, zmm = (states & 0xe6) == 0xe6, tiles = (states & 0x60000) == 0x60000;

  cpuinfo_isa.sse3 = bit(ecx, 0);
  cpuinfo_isa.ssse3 = bit(ecx, 9);
  cpuinfo_isa.sse4_1 = bit(ecx, 19);
  cpuinfo_isa.sse4_2 = bit(ecx, 20);
  cpuinfo_isa.avx = ymm && bit(ecx, 28);
  cpuinfo_isa.f16c = ymm && bit(ecx, 29);
  cpuinfo_isa.fma3 = ymm && bit(ecx, 12);
  cpuinfo_isa.avx2 = ymm && bit(seven[1], 5);
  cpuinfo_isa.avxvnni = ymm && bit(seven_one[0], 4);
  cpuinfo_isa.avx_vnni_int8 = ymm && bit(seven_one[3], 4);
  cpuinfo_isa.gfni = bit(seven[2], 8);
  cpuinfo_isa.avx512f = zmm && bit(seven[1], 16);
  cpuinfo_isa.avx512dq = zmm && bit(seven[1], 17);
  cpuinfo_isa.avx512bw = zmm && bit(seven[1], 30);
  cpuinfo_isa.avx512vl = zmm && bit(seven[1], 31);
  cpuinfo_isa.avx512vbmi = zmm && bit(seven[2], 1);
  cpuinfo_isa.avx512vnni = zmm && bit(seven[2], 11);
  cpuinfo_isa.avx512fp16 = zmm && bit(seven[3], 23);
  cpuinfo_isa.amx_bf16 = tiles && bit(seven[3], 22);
  cpuinfo_isa.amx_tile = tiles && bit(seven[3], 24);
  cpuinfo_isa.amx_int8 = tiles && bit(seven[3], 25);
}

#elif CPUINFO_ARCH_ARM64

struct cpuinfo_arm_isa cpuinfo_isa;

#if defined(__linux__)
#include <sys/auxv.h>

// The numbers are of Linux's asm/hwcap.h.
static void detect(void) {
  const unsigned long capabilities = getauxval(AT_HWCAP), more = getauxval(AT_HWCAP2);
  cpuinfo_isa.atomics = (capabilities & 1ul << 8) != 0;
  cpuinfo_isa.rdm = (capabilities & 1ul << 12) != 0;
  cpuinfo_isa.fp16arith = (capabilities & 1ul << 10) != 0;  // of vectors
  cpuinfo_isa.dot = (capabilities & 1ul << 20) != 0;
  cpuinfo_isa.sve = (capabilities & 1ul << 22) != 0;
  cpuinfo_isa.sve2 = (more & 1ul << 1) != 0;
  cpuinfo_isa.i8mm = (more & 1ul << 13) != 0;
  cpuinfo_isa.bf16 = (more & 1ul << 14) != 0;
  cpuinfo_isa.sme = (more & 1ul << 23) != 0;
}
#elif defined(__APPLE__)
#include <sys/sysctl.h>

static bool has(const char* name) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}

static void detect(void) {
  cpuinfo_isa.atomics = has("hw.optional.arm.FEAT_LSE");
  cpuinfo_isa.rdm = has("hw.optional.arm.FEAT_RDM");
  cpuinfo_isa.fp16arith = has("hw.optional.arm.FEAT_FP16");
  cpuinfo_isa.dot = has("hw.optional.arm.FEAT_DotProd");
  cpuinfo_isa.i8mm = has("hw.optional.arm.FEAT_I8MM");
  cpuinfo_isa.bf16 = has("hw.optional.arm.FEAT_BF16");
}
#else
static void detect(void) {}  // what every 64-bit Arm processor has
#endif

#else
static void detect(void) {}  // nothing that is not known when it is built: WebAssembly
#endif

// As cpuinfo's own, it may be called again, by several threads at once: all write the same.
bool CPUINFO_ABI cpuinfo_initialize(void) {
  detect();
  return true;
}
void CPUINFO_ABI cpuinfo_deinitialize(void) {}
uint32_t CPUINFO_ABI cpuinfo_get_uarchs_count(void) { return 1; }
const struct cpuinfo_uarch_info* CPUINFO_ABI cpuinfo_get_uarch(uint32_t index) { return index == 0 ? &uarch : NULL; }
const struct cpuinfo_core* CPUINFO_ABI cpuinfo_get_core(uint32_t index) { return index == 0 ? &core : NULL; }
uint32_t CPUINFO_ABI cpuinfo_get_current_uarch_index(void) { return 0; }
uint32_t CPUINFO_ABI cpuinfo_get_current_uarch_index_with_default(uint32_t otherwise) { return otherwise; }
