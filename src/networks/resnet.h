// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The residual block of the UNet and of the decoder (He et al., 2016; with group norms, Wu and He, 2018).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/networks/layers.h"

namespace mobilediffusion {

// A 3x3 convolution, plain or separable: depthwise, then 1x1 (section 3.2 of the MobileDiffusion paper: the deeper
// ones).
class Convolution3x3 {
 public:
  Convolution3x3(const Scope& at, int in, int out, bool separable);

  // Of x normalised and activated. Where `spent` is x it is not needed afterwards.
  kernels::Tensor operator()(kernels::Context& context, const kernels::GroupNorm& norm, const kernels::Tensor& x,
                             kernels::Tensor* spent) const;

  // The same, added to `sum`.
  void add_to(kernels::Context& context, std::string_view name, const kernels::GroupNorm& norm, kernels::Tensor&& x,
              kernels::Tensor& sum) const;

 private:
  std::optional<kernels::Conv2d> depthwise_;  // none: last_ is the plain one
  kernels::Conv2d last_;
};

struct ResnetSpec {
  int in = 0;
  int out = 0;
  int groups = 32;
  float epsilon = 1e-5f;
  int time_width = 0;  // of the time embedding; 0: the block knows no time
  bool separable = false;
};

class Resnet {
 public:
  Resnet(const Scope& at, const ResnetSpec& spec);

  // `time` is SiLU of the time embedding (n, 1, 1, time_width); null where the block knows none.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& x, const kernels::Tensor* time) const;

  // The same where x is not needed afterwards: its memory becomes the result's, or goes back when it was read for the
  // last time.
  kernels::Tensor operator()(kernels::Context& context, kernels::Tensor&& x, const kernels::Tensor* time) const;

 private:
  kernels::Tensor run(kernels::Context& context, const kernels::Tensor& x, const kernels::Tensor* time,
                      kernels::Tensor* spent) const;

  std::string name_;
  kernels::GroupNorm norm1_;
  Convolution3x3 conv1_;
  std::optional<kernels::Linear> time_emb_proj_;
  kernels::GroupNorm norm2_;
  Convolution3x3 conv2_;
  std::optional<kernels::Conv2d> conv_shortcut_;  // where the widths differ
};

}  // namespace mobilediffusion
