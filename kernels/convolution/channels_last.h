// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <vector>

#include "kernels/convolution/conv2d_spec.h"

namespace mobilediffusion::kernels {

// (out, in, kh, kw), as files store it, to the (out, kh, kw, in) that XNNPACK packs; a depthwise weight (c, 1, kh, kw)
// becomes (kh, kw, c) likewise, its one output a channel being the last axis.
std::vector<float> channels_last(const std::vector<float>& weight, const Conv2dSpec& spec);

}  // namespace mobilediffusion::kernels
