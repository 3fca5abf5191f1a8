// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/indirect_convolution.h"

#include <algorithm>

#include "kernels/convolution/channels_last.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"

namespace mobilediffusion::kernels {
namespace {

// What the operators of each kind and precision have in common, so that their creation reads alike.
struct Geometry {
  explicit Geometry(const Conv2dSpec& spec)
      : before(static_cast<uint32_t>(spec.padding_before())),
        after(static_cast<uint32_t>(spec.padding())),
        kernel(static_cast<uint32_t>(spec.kernel)),
        stride(static_cast<uint32_t>(spec.stride)),
        groups(spec.depthwise ? static_cast<uint32_t>(spec.in_channels) : 1),
        in(static_cast<size_t>(spec.in_channels)),
        out(static_cast<size_t>(spec.out_channels)),
        // A kept indirection buffer would cost 8 bytes a tap and output pixel, 19 MB a layer at 512x512.
        flags(XNN_FLAG_TRANSIENT_INDIRECTION_BUFFER | (spec.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0)) {}

  uint32_t before, after, kernel, stride, groups;
  size_t in, out;
  uint32_t flags;
};

// What a block of output channels is made of; null where its packed weights are held already.
struct BlockWeights {
  size_t channels;
  const float *weight, *bias;
  const int8_t* quantized;  // in int8, with a scale for each channel
  const float* scales;
};

xnn_status create_float32(const Conv2dSpec& spec, const BlockWeights& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec);
  return xnn_create_convolution2d_nhwc_f32(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out, block.weight, block.bias,
      -kInfinity, kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_float16(const Conv2dSpec& spec, const BlockWeights& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec);
  return xnn_create_convolution2d_nhwc_f16(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out, block.weight, block.bias,
      -kInfinity, kInfinity, g.flags | XNN_FLAG_FP32_STATIC_WEIGHTS, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_int8(const Conv2dSpec& spec, const BlockWeights& block, xnn_weights_cache_t cache,
                       xnn_operator_t* op) {
  const Geometry g(spec);
  return creator_of_int8_convolution(output_format(Format::kInt8PerPicture))(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in, block.channels, g.in, g.out, block.scales, block.quantized, block.bias,
      -kInfinity, kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

auto* creator_of(Precision precision) {
  return precision == Precision::kFloat32   ? create_float32
         : precision == Precision::kFloat16 ? create_float16
                                            : create_int8;
}

// Shapes an operator and points it at its operands, y at the block's first channel; to run it is left.
xnn_status set_up(xnn_operator_t op, Context& context, const Tensor& x, Writing y, Workspace& workspace) {
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
      return xnn_setup_convolution2d_nhwc_f32(op, workspace.get(), x.data(), static_cast<float*>(y.data));
    case Format::kFloat16:
      status = xnn_reshape_convolution2d_nhwc_f16(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f16(op, workspace.get(), x.memory(), y.data);
    case Format::kInt8PerPicture:
      status = shape_int8_convolution(op, y.format, n, h, w, &bytes, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return point_int8_convolution(op, workspace.get(), x.quantized(), quantization_params(x), y);
    case Format::kInt8PerRow:
      break;  // products alone read it
  }
  return xnn_status_invalid_state;
}

}  // namespace

IndirectConvolution::IndirectConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                         const WeightView& bias, const Packing& packing, Status& status) {
  // XNNPACK never looks for what a depthwise convolution packs to; it is little.
  const Packing where = spec.depthwise ? Packing(packing.precision) : packing;
  const Format format = format_of(packing.precision, Format::kInt8PerPicture);
  const int64_t size = int64_t{spec.kernel} * spec.kernel * (spec.depthwise ? 1 : spec.in_channels);
  const std::vector<ColumnBlock> blocks = spec.depthwise ? std::vector<ColumnBlock>{{name, 0, spec.out_channels}}
                                                         : column_blocks(name, spec.out_channels, size, format);
  magnification_ = Magnification(name, where);
  std::vector<float> kernel, offsets;
  QuantizedWeight quantized;
  if (!magnification_.held() ||
      !std::ranges::all_of(blocks, [&](const ColumnBlock& block) { return where.holds(block.name); })) {
    kernel = channels_last(to_float32(weight, name + ".weight", status), spec);
    offsets = to_float32(bias, name + ".bias", status);
    if (is_quantized(format)) quantized = quantize_weight(kernel, spec.out_channels);
    magnification_.magnify(spec.out_channels, kernel, offsets, status);
  }
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin);
    const size_t first = begin * static_cast<size_t>(size);
    const BlockWeights weights{static_cast<size_t>(block.size), from(kernel, first), from(offsets, begin),
                               from(quantized.values, first), from(quantized.scales, begin)};
    blocks_.push_back({block.begin, create_xnnpack_operator(block.name, where.provider(block.name), status,
                                                            [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
                                                              return creator_of(packing.precision)(spec, weights, cache,
                                                                                                   op);
                                                            })});
  }
}

void IndirectConvolution::run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  for (const BlockOperator& block : blocks_) {
    if (!context.goes_on()) return;
    Workspace workspace;
    const xnn_status status = set_up(block.op.get(), context, x, y.at(block.begin), workspace);
    if (context.ok()) run_xnnpack(context, block.op, status, name);
  }
  multiply(context, y, magnification_.remedy());
}

}  // namespace mobilediffusion::kernels
