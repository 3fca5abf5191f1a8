// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/resnet.h"

#include <utility>

#include "kernels/convolution/banded_convolution.h"
#include "kernels/elementwise/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Fused;
using kernels::GroupNorm;
using kernels::Tensor;

Convolution3x3::Convolution3x3(const Scope& at, int in, int out, bool separable)
    : depthwise_(separable ? std::optional(bind_conv2d(at / "depthwise",
                                                       {.in_channels = in, .out_channels = in, .depthwise = true}))
                           : std::nullopt),
      last_(separable ? bind_conv2d(at / "pointwise", {.in_channels = in, .out_channels = out, .kernel = 1})
                      : bind_conv2d(at, {.in_channels = in, .out_channels = out})) {}

Tensor Convolution3x3::operator()(Context& context, const GroupNorm& norm, const Tensor& x, Tensor* spent) const {
  if (!depthwise_) return kernels::convolve_normalized(context, norm, Fused::kSilu, last_, x, spent);
  const Tensor normed = norm(context, x, spent, Fused::kSilu, depthwise_->input_format());
  return last_(context, (*depthwise_)(context, normed));
}

void Convolution3x3::add_to(Context& context, std::string_view name, const GroupNorm& norm, Tensor&& x,
                            Tensor& sum) const {
  if (!depthwise_)
    return kernels::add_convolved_normalized(context, name, norm, Fused::kSilu, last_, std::move(x), sum);
  Tensor given = std::move(x);
  kernels::add(context, name, sum, (*this)(context, norm, given, &given));
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
  // A large picture becomes the residual in its own memory after it was read; a small one is read for the residual
  // first.
  const bool shortcut_last = spent != nullptr && kernels::goes_in_bands(x.shape());
  Tensor sum = conv_shortcut_ && !shortcut_last ? (*conv_shortcut_)(context, x) : Tensor();
  Tensor h = conv1_(context, norm1_, x, conv_shortcut_ && !shortcut_last ? spent : nullptr);
  if (time_emb_proj_) kernels::add_to_pixels(context, name_, h, (*time_emb_proj_)(context, *time));
  if (conv_shortcut_ && shortcut_last) sum = kernels::convolve_in_place(context, *conv_shortcut_, std::move(*spent));
  if (!conv_shortcut_ && spent != nullptr) sum = std::move(*spent);
  if (conv_shortcut_ || spent != nullptr) {
    conv2_.add_to(context, name_, norm2_, std::move(h), sum);
    return sum;
  }
  h = conv2_(context, norm2_, h, &h);
  kernels::add(context, name_, h, x);
  return h;
}

}  // namespace mobilediffusion
