// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/conv2d.h"

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/quantize.h"
#include "kernels/upsampling.h"
#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

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

// What the operators of each kind and precision have in common, so that their creation reads alike.
struct Geometry {
  explicit Geometry(const Conv2dSpec& spec)
      : padding(static_cast<uint32_t>(spec.padding())),
        kernel(static_cast<uint32_t>(spec.kernel)),
        stride(static_cast<uint32_t>(spec.stride)),
        groups(spec.depthwise ? static_cast<uint32_t>(spec.in_channels) : 1),
        in(static_cast<size_t>(spec.in_channels)),
        out(static_cast<size_t>(spec.out_channels)),
        // A kept indirection buffer would cost 8 bytes a tap and output pixel, 19 MB a layer at 512x512.
        flags(XNN_FLAG_TRANSIENT_INDIRECTION_BUFFER | (spec.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0)) {}

  uint32_t padding, kernel, stride, groups;
  size_t in, out;
  uint32_t flags;
};

xnn_status create_float32(const Conv2dSpec& spec, const float* weight, const float* bias, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec);
  return xnn_create_convolution2d_nhwc_f32(
      g.padding, g.padding, g.padding, g.padding, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, g.out / g.groups, g.in, g.out, weight, bias, -kInfinity,
      kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_float16(const Conv2dSpec& spec, OutputRange part, const std::vector<float>& weight,
                          const std::vector<float>& bias, xnn_weights_cache_t cache, xnn_operator_t* op) {
  const Geometry g(spec);
  const auto begin = static_cast<size_t>(part.begin), out = static_cast<size_t>(part.end) - begin;
  return xnn_create_convolution2d_nhwc_f16(
      g.padding, g.padding, g.padding, g.padding, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, out / g.groups, g.in, g.out,
      from(weight, begin * g.kernel * g.kernel * g.in), from(bias, begin), -kInfinity, kInfinity,
      g.flags | XNN_FLAG_FP32_STATIC_WEIGHTS, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_int8(const Conv2dSpec& spec, const QuantizedWeight& weight, const float* bias,
                       xnn_weights_cache_t cache, xnn_operator_t* op) {
  const Geometry g(spec);
  if (spec.kernel == 1 && spec.stride == 1) {  // then each pixel has a range of its own
    return xnn_create_fully_connected_nc_qd8_f32_qc8w(g.in, g.out, g.in, g.out, weight.scales.data(),
                                                      weight.values.data(), bias, -kInfinity, kInfinity, /*flags=*/0,
                                                      /*code_cache=*/nullptr, cache, op);
  }
  return xnn_create_convolution2d_nhwc_qd8_f32_qc8w(
      g.padding, g.padding, g.padding, g.padding, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in, g.out, g.in, g.out, weight.scales.data(), weight.values.data(), bias,
      -kInfinity, kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

Format input_format_of(const Conv2dSpec& spec, Precision precision) {
  if (precision == Precision::kFloat16) return Format::kFloat16;
  if (precision == Precision::kFloat32 || spec.depthwise || spec.upsample_2x) return Format::kFloat32;
  return spec.kernel == 1 && spec.stride == 1 ? Format::kInt8PerRow : Format::kInt8PerPicture;
}

// A depthwise convolution is no product.
std::vector<OutputRange> parts_of(const Conv2dSpec& spec, Format input) {
  if (input != Format::kFloat16 || spec.depthwise) return {{0, spec.out_channels}};
  return float16_parts(spec.out_channels);
}

}  // namespace

struct Conv2d::Packed {
  std::vector<XnnpackOperator> parts;  // or, behind an upsampling:
  std::optional<UpsamplingConvolution> upsampling;

  // Shapes the operator and points it at its operands; `run` follows.
  xnn_status set_up(Context& context, xnn_operator_t op, const Tensor& x, Tensor& y, OutputRange part,
                    Workspace& workspace) const;
};

Conv2d::Conv2d(std::string name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)), spec_(spec), input_format_(input_format_of(spec, packing.precision)) {
  if (!status.ok() || weight.data == nullptr) return;
  packed_ = std::make_unique<Packed>();
  if (spec.upsample_2x) {
    packed_->upsampling.emplace(name_, spec, weight, bias, packing, status);
    return;
  }
  // XNNPACK never looks for what a depthwise convolution packs to; it is little.
  const Packing where = spec.depthwise ? Packing(packing.precision) : packing;
  const std::vector<OutputRange> parts = parts_of(spec, input_format_);
  std::vector<float> kernel, offsets;
  if (!where.holds(part_name(name_, parts, 0))) {
    kernel = channels_last(to_float32(weight, name_ + ".weight", status), spec);
    offsets = to_float32(bias, name_ + ".bias", status);
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    packed_->parts.push_back(create_xnnpack_operator(
        part_name(name_, parts, i), where, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
          if (input_format_ == Format::kFloat32) return create_float32(spec, kernel.data(), offsets.data(), cache, op);
          if (input_format_ == Format::kFloat16) return create_float16(spec, parts[i], kernel, offsets, cache, op);
          return create_int8(spec, quantize_weight(kernel, spec.out_channels), offsets.data(), cache, op);
        }));
  }
}

Conv2d::Conv2d(Conv2d&&) noexcept = default;
Conv2d& Conv2d::operator=(Conv2d&&) noexcept = default;
Conv2d::~Conv2d() = default;

xnn_status Conv2d::Packed::set_up(Context& context, xnn_operator_t op, const Tensor& x, Tensor& y, OutputRange part,
                                  Workspace& workspace) const {
  pthreadpool* const threads = context.threads().get();
  const auto n = static_cast<size_t>(x.shape().n), h = static_cast<size_t>(x.shape().h),
             w = static_cast<size_t>(x.shape().w);
  size_t bytes = 0, alignment = 0, height = 0, width = 0;
  xnn_status status = xnn_status_success;
  switch (x.format()) {
    case Format::kFloat32:
      status = xnn_reshape_convolution2d_nhwc_f32(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f32(op, workspace.get(), x.data(), y.data());
    case Format::kFloat16:
      status = xnn_reshape_convolution2d_nhwc_f16(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f16(op, workspace.get(), x.memory(), y.at(part.begin).data);
    case Format::kInt8PerRow:
      status = xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, n * h * w, threads);
      if (status != xnn_status_success) return status;
      return xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, x.quantized(), y.data(), quantization_params(x));
    case Format::kInt8PerPicture:
      status = xnn_reshape_convolution2d_nhwc_qd8_f32_qc8w(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_qd8_f32_qc8w(op, workspace.get(), x.quantized(), y.data(),
                                                       quantization_params(x));
  }
  return status;
}

Tensor Conv2d::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, convert(context, name_, x, input_format_));
  Tensor y = context.make(spec_.out_shape(x.shape()), output_format(input_format_));
  const auto call = context.begin(name_, spec_.depthwise ? "depthwise" : "conv2d", spec_.macs(x.shape()));
  if (!call) return y;
  if (packed_->upsampling) {
    (*packed_->upsampling)(context, name_, x, y);
    return y;
  }
  const std::vector<OutputRange> parts = parts_of(spec_, input_format_);
  for (size_t i = 0; i < parts.size() && context.ok(); ++i) {
    Workspace workspace;
    const xnn_status status = packed_->set_up(context, packed_->parts[i].get(), x, y, parts[i], workspace);
    if (context.ok()) run_xnnpack(context, packed_->parts[i], status, name_);
  }
  return y;
}

}  // namespace mobilediffusion::kernels
