// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an app lets through, as c.h has it: a list of words and two callbacks.
#pragma once

#include "mobilediffusion/c.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

// kInvalidArgument names what is wrong with the list.
Status read_filters(const SizedOptions<md_load_options>& given, LoadOptions& options);

}  // namespace mobilediffusion::c
