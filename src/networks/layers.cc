// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/layers.h"

#include <vector>

#include "src/weights/precision.h"

namespace mobilediffusion {

using kernels::WeightView;

Scope sensitive(const Scope& at) { return at.in(sensitive_precision(at.packing().precision)); }

kernels::Conv2d bind_conv2d(const Scope& at, const kernels::Conv2dSpec& spec, Bias bias_is) {
  const int inputs = spec.depthwise ? 1 : spec.in_channels;  // of each output channel
  const WeightView weight = at.get("weight", {spec.out_channels, inputs, spec.kernel, spec.kernel});
  const std::vector<float> zeros(bias_is == Bias::kNone ? static_cast<size_t>(spec.out_channels) : 0);
  const WeightView bias = bias_is == Bias::kNone
                              ? WeightView{kernels::DataType::kFloat32, {spec.out_channels}, zeros.data()}
                              : at.get("bias", {spec.out_channels});
  kernels::Conv2d conv(at.name(), spec, weight, bias, at.packing(), at.status());
  at.release(weight);
  return conv;
}

kernels::Linear bind_linear(const Scope& at, const kernels::LinearSpec& spec, LinearStorage storage) {
  const WeightView weight = storage == LinearStorage::kConvolution ? at.get("weight", {spec.out, spec.in, 1, 1})
                                                                   : at.get("weight", {spec.out, spec.in});
  const WeightView bias = spec.bias ? at.get("bias", {spec.out}) : WeightView();
  kernels::Linear linear(at.name(), spec, weight, bias, at.packing(), at.status());
  at.release(weight);
  return linear;
}

// Bound in statements of their own: the order in which a call's arguments are evaluated is the compiler's choice, and
// the order of a network's tensors is ours.
kernels::GroupNorm bind_group_norm(const Scope& at, int channels, int groups, float epsilon) {
  const WeightView weight = at.get("weight", {channels});
  const WeightView bias = at.get("bias", {channels});
  return kernels::GroupNorm(at.name(), channels, groups, epsilon, weight, bias, at.status());
}

kernels::LayerNorm bind_layer_norm(const Scope& at, int width, float epsilon) {
  const WeightView weight = at.get("weight", {width});
  const WeightView bias = at.get("bias", {width});
  return kernels::LayerNorm(at.name(), width, epsilon, weight, bias, at.status());
}

}  // namespace mobilediffusion
