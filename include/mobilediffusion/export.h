// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Marks what a shared library shows; everything else in it is hidden.
#pragma once

#if defined(_WIN32)
#define MOBILEDIFFUSION_EXPORT  // the Windows build is static
#define MOBILEDIFFUSION_HIDDEN
#else
#define MOBILEDIFFUSION_EXPORT __attribute__((visibility("default")))
#define MOBILEDIFFUSION_HIDDEN __attribute__((visibility("hidden")))  // what an exported class has of its own
#endif
