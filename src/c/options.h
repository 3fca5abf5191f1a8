// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The options of c.h to those of the C++ face. NULL: the defaults. Errors: kInvalidArgument (a size, a NULL where a
// count says that there is something).
#pragma once

#include "mobilediffusion/c.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/pack.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::c {

Result<LoadOptions> load_options_of(const md_load_options* given);
Result<GenerateOptions> generate_options_of(const md_generate_options* given);
Result<SaveOptions> save_options_of(const md_save_options* given);
Result<PackOptions> pack_options_of(const md_pack_options* given);

inline Pixels pixels_of(const md_pixels& pixels) {
  return {pixels.data, pixels.width, pixels.height, static_cast<PixelFormat>(pixels.format)};
}

}  // namespace mobilediffusion::c
