// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/resnet.h"

#include <utility>

#include "kernels/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Fused;
using kernels::Tensor;

Convolution3x3::Convolution3x3(const Scope& at, int in, int out, bool separable)
    : depthwise_(separable ? std::optional(bind_conv2d(at / "depthwise",
                                                       {.in_channels = in, .out_channels = in, .depthwise = true}))
                           : std::nullopt),
      last_(separable ? bind_conv2d(at / "pointwise", {.in_channels = in, .out_channels = out, .kernel = 1})
                      : bind_conv2d(at, {.in_channels = in, .out_channels = out})) {}

Tensor Convolution3x3::operator()(Context& context, const Tensor& x) const {
  return depthwise_ ? last_(context, (*depthwise_)(context, x)) : last_(context, x);
}

Resnet::Resnet(const Scope& at, const ResnetSpec& spec)
    : name_(at.name()),
      norm1_(bind_group_norm(at / "norm1", spec.in, spec.groups, spec.epsilon)),
      conv1_(at / "conv1", spec.in, spec.out, spec.separable),
      time_emb_proj_(spec.time_width > 0
                         ? std::optional(bind_linear(at / "time_emb_proj", {.in = spec.time_width, .out = spec.out}))
                         : std::nullopt),
      norm2_(bind_group_norm(at / "norm2", spec.out, spec.groups, spec.epsilon)),
      conv2_(at / "conv2", spec.out, spec.out, spec.separable),
      conv_shortcut_(spec.in != spec.out
                         ? std::optional(bind_conv2d(at / "conv_shortcut",
                                                     {.in_channels = spec.in, .out_channels = spec.out, .kernel = 1}))
                         : std::nullopt) {}

Tensor Resnet::operator()(Context& context, const Tensor& x, const Tensor* time) const {
  return run(context, x, time, /*spent=*/nullptr);
}

Tensor Resnet::operator()(Context& context, Tensor&& x, const Tensor* time) const { return run(context, x, time, &x); }

Tensor Resnet::run(Context& context, const Tensor& x, const Tensor* time, Tensor* spent) const {
  const Tensor shortcut = conv_shortcut_ ? (*conv_shortcut_)(context, x) : Tensor();
  const bool last_read = conv_shortcut_ && spent != nullptr;
  Tensor h = last_read ? norm1_(context, std::move(*spent), Fused::kSilu, conv1_.input_format())
                       : norm1_(context, x, Fused::kSilu, conv1_.input_format());
  h = conv1_(context, h);
  if (time_emb_proj_) kernels::add_to_pixels(context, name_, h, (*time_emb_proj_)(context, *time));
  h = norm2_(context, std::move(h), Fused::kSilu, conv2_.input_format());
  h = conv2_(context, h);
  kernels::add(context, name_, h, conv_shortcut_ ? shortcut : x);
  return h;
}

}  // namespace mobilediffusion
