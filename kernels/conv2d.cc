// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/conv2d.h"

#include <limits>
#include <utility>
#include <vector>

#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {
namespace {

// (out, in, kh, kw), as files store it, to the (out, kh, kw, in) that XNNPACK packs; a depthwise weight (c, 1, kh, kw)
// becomes (kh, kw, c) likewise, its one output a channel being the last axis.
std::vector<float> channels_last(const std::vector<float>& weight, const Conv2dSpec& spec) {
  const int64_t taps = int64_t{spec.kernel} * spec.kernel;
  const int64_t outer = spec.depthwise ? 1 : spec.out_channels;
  const int64_t inner = spec.in_channels;
  std::vector<float> to(weight.size());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      for (int64_t t = 0; t < taps; ++t) to[(o * taps + t) * inner + i] = weight[(o * inner + i) * taps + t];
    }
  }
  return to;
}

}  // namespace

struct Conv2d::Packed {
  XnnpackOperator op;
};

Conv2d::Conv2d(std::string name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
               Precision /*precision*/, Status& status)
    : name_(std::move(name)), spec_(spec) {
  if (!status.ok() || weight.data == nullptr) return;
  const std::vector<float> kernel = channels_last(to_float32(weight, name_ + ".weight", status), spec_);
  const std::vector<float> offsets = to_float32(bias, name_ + ".bias", status);
  const uint32_t padding = static_cast<uint32_t>(spec.padding());
  const uint32_t groups = spec.depthwise ? static_cast<uint32_t>(spec.in_channels) : 1;
  const size_t in = static_cast<size_t>(spec.in_channels), out = static_cast<size_t>(spec.out_channels);
  // A kept indirection buffer would cost 8 bytes a tap and output pixel, 19 MB a layer at 512x512.
  const uint32_t flags = XNN_FLAG_TRANSIENT_INDIRECTION_BUFFER | (spec.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  packed_ = std::make_unique<Packed>();
  packed_->op = create_xnnpack_operator(name_, status, [&](xnn_operator_t* op) {
    return xnn_create_convolution2d_nhwc_f32(
        padding, padding, padding, padding, static_cast<uint32_t>(spec.kernel), static_cast<uint32_t>(spec.kernel),
        static_cast<uint32_t>(spec.stride), static_cast<uint32_t>(spec.stride), /*dilation_height=*/1,
        /*dilation_width=*/1, groups, in / groups, out / groups, in, out, kernel.data(), offsets.data(), -kInfinity,
        kInfinity, flags, /*code_cache=*/nullptr, /*weights_cache=*/nullptr, op);
  });
}

Conv2d::Conv2d(Conv2d&&) noexcept = default;
Conv2d& Conv2d::operator=(Conv2d&&) noexcept = default;
Conv2d::~Conv2d() = default;

Tensor Conv2d::operator()(Context& context, const Tensor& x) const {
  Tensor y = context.make(spec_.out_shape(x.shape()));
  const auto call = context.begin(name_, spec_.depthwise ? "depthwise" : "conv2d", spec_.macs(x.shape()));
  if (!call) return y;

  size_t workspace_bytes = 0, workspace_alignment = 0, height = 0, width = 0;
  xnn_status status = xnn_reshape_convolution2d_nhwc_f32(
      packed_->op.get(), static_cast<size_t>(x.shape().n), static_cast<size_t>(x.shape().h),
      static_cast<size_t>(x.shape().w), &workspace_bytes, &workspace_alignment, &height, &width,
      context.threads().get());
  Workspace workspace(context, workspace_bytes);
  if (!context.ok()) return y;
  if (status == xnn_status_success) {
    status = xnn_setup_convolution2d_nhwc_f32(packed_->op.get(), workspace.get(), x.data(), y.data());
  }
  run_xnnpack(context, packed_->op, status, name_);
  return y;
}

}  // namespace mobilediffusion::kernels
