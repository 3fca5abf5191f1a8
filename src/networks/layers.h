// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The layers that networks are made of, each an operator bound to its weights by PyTorch's names: "weight" and "bias".
#pragma once

#include "kernels/convolution/conv2d.h"
#include "kernels/linear/linear.h"
#include "kernels/normalization/norm.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// The same place for a sensitive layer, one that meets latents, pixels or the timestep: never in less than float32.
Scope sensitive(const Scope& at);

// How a file stores a linear's weight: (out, in), or as a 1x1 convolution's, (out, in, 1, 1).
enum class LinearStorage { kMatrix, kConvolution };

enum class Bias { kStored, kNone };

kernels::Conv2d bind_conv2d(const Scope& at, const kernels::Conv2dSpec& spec, Bias bias = Bias::kStored);
kernels::Linear bind_linear(const Scope& at, const kernels::LinearSpec& spec,
                            LinearStorage storage = LinearStorage::kMatrix);
kernels::GroupNorm bind_group_norm(const Scope& at, int channels, int groups, float epsilon);
kernels::LayerNorm bind_layer_norm(const Scope& at, int width, float epsilon);

}  // namespace mobilediffusion
