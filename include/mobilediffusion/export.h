// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Marks what a shared library shows; everything else in it is hidden. src/c/exported_symbols.txt lists it. On Windows a
// library is static, or a DLL that shows the functions of c.h alone, since C++ does not cross from one compiler's DLL to
// another's program; who uses the DLL may define MOBILEDIFFUSION_DLL, which spares each call a jump.
#pragma once

#if defined(_WIN32)
#define MOBILEDIFFUSION_EXPORT
#define MOBILEDIFFUSION_HIDDEN
#if defined(MOBILEDIFFUSION_DLL)
#define MOBILEDIFFUSION_C_EXPORT __declspec(dllimport)
#else
#define MOBILEDIFFUSION_C_EXPORT
#endif
#else
#define MOBILEDIFFUSION_EXPORT __attribute__((visibility("default")))
#define MOBILEDIFFUSION_HIDDEN __attribute__((visibility("hidden")))  // what an exported class has of its own
#define MOBILEDIFFUSION_C_EXPORT __attribute__((visibility("default")))
#endif
