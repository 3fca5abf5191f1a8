// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/conv2d.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/convolution/thin_convolution.h"
#include "kernels/convolution/upsampling.h"
#include "kernels/convolution/winograd.h"
#include "kernels/elementwise/quantize.h"
#include "kernels/linear/linear.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/float16_support.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_operator.h"

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
template <typename Weight>
struct BlockOf {
  size_t channels = 0;
  const Weight* weight = nullptr;
  const float* bias = nullptr;
  const float* scales = nullptr;  // of int8
};

xnn_status create_float32(const Conv2dSpec& spec, const BlockOf<float>& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec);
  return xnn_create_convolution2d_nhwc_f32(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out, block.weight, block.bias,
      -kInfinity, kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_float16(const Conv2dSpec& spec, const BlockOf<float>& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec);
  return xnn_create_convolution2d_nhwc_f16(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out, block.weight, block.bias,
      -kInfinity, kInfinity, g.flags | XNN_FLAG_FP32_STATIC_WEIGHTS, /*code_cache=*/nullptr, cache, op);
}

xnn_status create_int8(const Conv2dSpec& spec, const BlockOf<int8_t>& block, Format output, xnn_weights_cache_t cache,
                       xnn_operator_t* op) {
  const Geometry g(spec);
  return creator_of_int8_convolution(output)(
      g.before, g.after, g.after, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
      /*dilation_width=*/1, g.groups, g.in, block.channels, g.in, g.out, block.scales, block.weight, block.bias,
      -kInfinity, kInfinity, g.flags, /*code_cache=*/nullptr, cache, op);
}

// A product of pixels by a matrix.
bool is_pointwise(const Conv2dSpec& spec) { return spec.kernel == 1 && spec.stride == 1 && !spec.depthwise; }

Format input_format_of(const Conv2dSpec& spec, Precision precision) {
  if (precision == Precision::kFloat16) return Format::kFloat16;
  constexpr int kFewChannels = 64;  // a product to no more of them is done before its input has been quantised
  const bool bound_by_memory = spec.depthwise || (is_pointwise(spec) && spec.out_channels <= kFewChannels);
  if (precision == Precision::kFloat32) return Format::kFloat32;
  if (bound_by_memory || spec.upsample_2x) return output_format(Format::kInt8PerPicture);
  return is_pointwise(spec) ? Format::kInt8PerRow : Format::kInt8PerPicture;
}

}  // namespace

struct Conv2d::Packed {
  struct Block {
    int64_t begin;  // the first output channel
    XnnpackOperator op;
  };
  std::vector<Block> blocks;  // or one of:
  std::optional<Linear> pointwise;
  std::optional<WinogradConvolution> winograd;
  std::optional<ThinConvolution> thin;
  std::optional<UpsamplingConvolution> upsampling;

  // Shapes an operator and points it at its operands; `run` follows.
  static xnn_status set_up(const Block& block, Context& context, const Tensor& x, Tensor& y, Workspace& workspace);
};

Conv2d::Conv2d(std::string name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)),
      spec_(spec),
      input_format_(input_format_of(spec, packing.precision)),
      quantizes_itself_(spec.upsample_2x && packing.precision == Precision::kInt8) {
  if (!status.ok() || weight.data == nullptr) return;
  packed_ = std::make_unique<Packed>();
  const bool float32 = packing.precision != Precision::kInt8 && input_format_ == Format::kFloat32;
  if (is_pointwise(spec)) {
    const Precision how =
        is_quantized(input_format_) || packing.precision != Precision::kInt8 ? packing.precision : dequantized_precision();
    packed_->pointwise.emplace(name_, LinearSpec{.in = spec.in_channels, .out = spec.out_channels}, weight, bias,
                               Packing(how, packing.store), status);
    return;
  }
  if (float32 && ThinConvolution::suits(spec)) {
    packed_->thin.emplace(spec, channels_last(to_float32(weight, name_ + ".weight", status), spec),
                          to_float32(bias, name_ + ".bias", status));
    return;
  }
  if (float32 && WinogradConvolution::suits(spec)) {
    packed_->winograd.emplace(name_, spec, weight, bias, packing, status);
    return;
  }
  if (spec.upsample_2x) {
    packed_->upsampling.emplace(name_, spec, weight, bias, packing, status);
    return;
  }
  // XNNPACK never looks for what a depthwise convolution packs to; it is little.
  const Packing where = spec.depthwise ? Packing(packing.precision) : packing;
  const int64_t size = int64_t{spec.kernel} * spec.kernel * (spec.depthwise ? 1 : spec.in_channels);
  const std::vector<ColumnBlock> blocks = spec.depthwise ? std::vector<ColumnBlock>{{name_, 0, spec.out_channels}}
                                                         : column_blocks(name_, spec.out_channels, size, input_format_);
  std::vector<float> kernel, offsets;
  QuantizedWeight quantized;
  if (!std::ranges::all_of(blocks, [&](const ColumnBlock& block) { return where.holds(block.name); })) {
    kernel = channels_last(to_float32(weight, name_ + ".weight", status), spec);
    offsets = to_float32(bias, name_ + ".bias", status);
    if (is_quantized(input_format_)) quantized = quantize_weight(kernel, spec.out_channels);
  }
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin), channels = static_cast<size_t>(block.size);
    const size_t first = begin * static_cast<size_t>(size);
    packed_->blocks.push_back(
        {block.begin,
         create_xnnpack_operator(block.name, where.provider(block.name), status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
           const BlockOf<float> floats{channels, from(kernel, first), from(offsets, begin)};
           if (input_format_ == Format::kFloat32) return create_float32(spec, floats, cache, op);
           if (input_format_ == Format::kFloat16) return create_float16(spec, floats, cache, op);
           return create_int8(
               spec, {channels, from(quantized.values, first), from(offsets, begin), from(quantized.scales, begin)},
               output_format(input_format_), cache, op);
         })});
  }
}

Conv2d::Conv2d(Conv2d&&) noexcept = default;
Conv2d& Conv2d::operator=(Conv2d&&) noexcept = default;
Conv2d::~Conv2d() = default;

xnn_status Conv2d::Packed::set_up(const Block& block, Context& context, const Tensor& x, Tensor& y,
                                  Workspace& workspace) {
  xnn_operator_t const op = block.op.get();
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
      return xnn_setup_convolution2d_nhwc_f32(op, workspace.get(), x.data(), y.data() + block.begin);
    case Format::kFloat16:
      status = xnn_reshape_convolution2d_nhwc_f16(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f16(op, workspace.get(), x.memory(), y.at(block.begin).data);
    case Format::kInt8PerPicture:
      status = shaper_of_int8_convolution(y.format())(op, n, h, w, &bytes, &alignment, &height, &width, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return point_int8_convolution(op, workspace.get(), x.quantized(), quantization_params(x), y.at(block.begin));
    case Format::kInt8PerRow:
      break;  // pointwise alone
  }
  return xnn_status_invalid_state;
}

Tensor Conv2d::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_ && !(quantizes_itself_ && !is_quantized(x.format())))
    return (*this)(context, convert(context, name_, x, input_format_));
  if (packed_ != nullptr && packed_->pointwise) return (*packed_->pointwise)(context, x);
  Tensor y = context.make(spec_.out_shape(x.shape()), output_format(input_format_));
  run(context, x, spec_.macs(x.shape()), y);
  return y;
}

void Conv2d::on_band(Context& context, const Tensor& band, int64_t rows, Tensor& y) const {
  Shape wanted = band.shape();
  wanted.h = rows;
  run(context, band, spec_.macs(wanted), y);
}

void Conv2d::run(Context& context, const Tensor& x, int64_t macs, Tensor& y) const {
  const auto call = context.begin(name_, spec_.depthwise ? "depthwise" : "conv2d", macs);
  if (!call) return;
  if (packed_->thin) return (*packed_->thin)(context, x, y);
  if (packed_->winograd) return (*packed_->winograd)(context, name_, x, y);
  if (packed_->upsampling) return (*packed_->upsampling)(context, name_, x, y);
  for (const Packed::Block& block : packed_->blocks) {
    Workspace workspace;
    const xnn_status status = Packed::set_up(block, context, x, y, workspace);
    if (context.ok()) run_xnnpack(context, block.op, status, name_);
  }
}

}  // namespace mobilediffusion::kernels
