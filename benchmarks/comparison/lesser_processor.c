// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Loaded before a program, makes it believe that it runs on a lesser x86-64 processor: CPUID's answers lack what that
// one has not. lesser_processor.py compiles it and says which programs it can be loaded with.
//
//   LD_PRELOAD=lesser_processor.so LESSER_PROCESSOR=avx2 PROGRAM ...      avx2 | avxvnni | avx512 | avx512vnni
//
// CPUID has to trap: where the kernel and the processor have CPUID faulting, every one does; elsewhere those that were
// replaced, in copies of the programs and libraries, by an instruction of the same length that no processor has.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { kSetCpuid = 0x1012 };  // ARCH_SET_CPUID

typedef struct {
  uint32_t a, b, c, d;
} Words;

// Of leaf 7, its first and its second part: what a class has not.
typedef struct {
  const char* name;
  Words first, second;
} Class;

#define BIT(i) (1u << (i))
#define AMX (BIT(22) | BIT(24) | BIT(25))
#define FLOAT16 BIT(23)
#define AVX512 (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
#define AVX512_NEWER_C (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))  // VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
#define AVX512_NEWER_D (BIT(2) | BIT(3) | BIT(8))
#define AVX_VNNI BIT(4)
#define BFLOAT16 BIT(5)
#define AMX_NEWER_A BIT(21)
#define NEWER_D (BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19))  // AVX-VNNI-INT8 and 16, NE-CONVERT, AMX-COMPLEX, AVX10

static const Class classes[] = {
    {"avx2",
     {0, AVX512, AVX512_NEWER_C, AVX512_NEWER_D | AMX | FLOAT16},
     {AVX_VNNI | BFLOAT16 | AMX_NEWER_A, 0, 0, NEWER_D}},
    {"avxvnni", {0, AVX512, AVX512_NEWER_C, AVX512_NEWER_D | AMX | FLOAT16}, {BFLOAT16 | AMX_NEWER_A, 0, 0, NEWER_D}},
    {"avx512",
     {0, 0, AVX512_NEWER_C, AVX512_NEWER_D | AMX | FLOAT16},
     {AVX_VNNI | BFLOAT16 | AMX_NEWER_A, 0, 0, NEWER_D}},
    {"avx512vnni", {0, 0, 0, AMX | FLOAT16}, {BFLOAT16 | AMX_NEWER_A, 0, 0, NEWER_D}},
};

static const Class* wanted;
static int faults;  // whether CPUID itself does
static struct sigaction theirs[2];
static int (*next_sigaction)(int, const struct sigaction*, struct sigaction*);

static void set_cpuid(long on) {
  if (faults) syscall(SYS_arch_prctl, kSetCpuid, on);
}

static Words lessened(uint32_t leaf, uint32_t subleaf) {
  Words w;
  set_cpuid(1);
  __cpuid_count(leaf, subleaf, w.a, w.b, w.c, w.d);
  set_cpuid(0);
  if (leaf == 7 && subleaf <= 1) {
    const Words without = subleaf == 0 ? wanted->first : wanted->second;
    w.a &= ~without.a;
    w.b &= ~without.b;
    w.c &= ~without.c;
    w.d &= ~without.d;
  }
  if (leaf == 0x1d || leaf == 0x1e || leaf == 0x24) memset(&w, 0, sizeof w);  // AMX's tiles, AVX10
  return w;
}

static struct sigaction* kept(int sig) { return &theirs[sig == SIGILL]; }

static void on_trap(int sig, siginfo_t* info, void* context) {
  greg_t* const registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const uint8_t* const at = (const uint8_t*)registers[REG_RIP];
  const int is_fault = sig == SIGSEGV && info->si_code == SI_KERNEL && at[0] == 0x0f && at[1] == 0xa2;
  const int is_replaced = sig == SIGILL && at[0] == 0x0f && at[1] == 0x04;
  if (is_fault || is_replaced) {
    const Words w = lessened((uint32_t)registers[REG_RAX], (uint32_t)registers[REG_RCX]);
    registers[REG_RAX] = w.a;
    registers[REG_RBX] = w.b;
    registers[REG_RCX] = w.c;
    registers[REG_RDX] = w.d;
    registers[REG_RIP] += 2;
    return;
  }
  const struct sigaction* const own = kept(sig);
  if (own->sa_flags & SA_SIGINFO) return own->sa_sigaction(sig, info, context);
  if (own->sa_handler != SIG_DFL && own->sa_handler != SIG_IGN) return own->sa_handler(sig);
  signal(sig, SIG_DFL);
  raise(sig);
}

// The program's own handlers of the two signals are called for what is not CPUID.
int sigaction(int sig, const struct sigaction* action, struct sigaction* old) {
  if (!next_sigaction) next_sigaction = dlsym(RTLD_NEXT, "sigaction");
  if (!wanted || (sig != SIGSEGV && sig != SIGILL)) return next_sigaction(sig, action, old);
  if (old) *old = *kept(sig);
  if (action) *kept(sig) = *action;
  return 0;
}

// Runs before the C library's own beginning, whose getenv() finds nothing yet.
__attribute__((constructor)) static void begin(int count, char** arguments, char** environment) {
  static const char variable[] = "LESSER_PROCESSOR=";
  (void)count, (void)arguments;
  const char* name = NULL;
  for (; *environment; ++environment) {
    if (strncmp(*environment, variable, sizeof variable - 1) == 0) name = *environment + sizeof variable - 1;
  }
  if (!name) return;
  const Class* found = NULL;
  for (size_t i = 0; i < sizeof classes / sizeof *classes; ++i) {
    if (strcmp(classes[i].name, name) == 0) found = &classes[i];
  }
  if (!found) {
    static const char complaint[] = "LESSER_PROCESSOR names no class of processors\n";
    if (write(STDERR_FILENO, complaint, sizeof complaint - 1) < 0) _exit(3);
    _exit(2);
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  if (!next_sigaction) next_sigaction = dlsym(RTLD_NEXT, "sigaction");
  next_sigaction(SIGSEGV, &action, &theirs[0]);
  next_sigaction(SIGILL, &action, &theirs[1]);
  wanted = found;
  faults = syscall(SYS_arch_prctl, kSetCpuid, 0) == 0;
}
