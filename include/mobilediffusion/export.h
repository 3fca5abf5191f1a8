// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Marks what a shared library shows; everything else in it is hidden.
#pragma once

#if defined(_WIN32)
#define MOBILEDIFFUSION_EXPORT  // the Windows build is static
#else
#define MOBILEDIFFUSION_EXPORT __attribute__((visibility("default")))
#endif
