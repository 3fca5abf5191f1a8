// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <cstdint>

#include "mobilediffusion/c.h"
#include "mobilediffusion/pipeline.h"

// Views of literals, which end with a NUL.
const char* md_version() { return mobilediffusion::version().data(); }
const char* md_xnnpack_version() { return mobilediffusion::xnnpack_version().data(); }

uint32_t md_abi_version() { return MD_ABI_VERSION; }
