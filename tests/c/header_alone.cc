// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// That this file compiles, as C++17 without exceptions and RTTI, is the test.
#include "mobilediffusion/c.h"

static_assert(MD_OK == 0, "a status is a truth");
