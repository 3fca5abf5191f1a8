// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Whether what a caller asks for can be had: every option's range, checked before any work is done. All errors are
// kInvalidArgument and name the option, what it may be and what it was.
#pragma once

#include "mobilediffusion/options.h"
#include "mobilediffusion/pack.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion {

Status check(const LoadOptions& options);
Status check(const PackOptions& options);

// `name` is what the caller calls that picture. Its format is not looked at.
Status check_pixel_count(const char* name, const Pixels& pixels);

// What a model says of the pictures that it can draw.
struct PictureLimits {
  int size_multiple = 0;    // of a width and a height, in pixels
  int upscale = 0;          // pixels a latent position, along a side
  int latent_channels = 0;  // values a latent position
};

// `width` and `height` are the picture's own: the options', or the model's where those are 0.
Status check(const GenerateOptions& options, int width, int height, const PictureLimits& limits);

}  // namespace mobilediffusion
