// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/indirect_convolution.h"

#include <algorithm>

#include "kernels/convolution/channels_last.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

// A larger picture is convolved a part at a time, so that whoever cancels it waits for a part alone: in int8 some ten
// milliseconds of two quiet cores, ten times as long on crowded ones. There the threads also wait for one another at
// the end of each part, so parts are no smaller.
constexpr int64_t kMostMacs = 5'000'000'000;

// Which of a picture's edges are zeros beyond.
struct Edges {
  bool top = true, bottom = true;
};

// What the operators of each kind and precision have in common, so that their creation reads alike.
struct Geometry {
  Geometry(const Conv2dSpec& spec, Edges edges)
      : before(static_cast<uint32_t>(spec.padding_before())),
        after(static_cast<uint32_t>(spec.padding())),
        above(edges.top ? before : 0),
        below(edges.bottom ? after : 0),
        kernel(static_cast<uint32_t>(spec.kernel)),
        stride(static_cast<uint32_t>(spec.stride)),
        groups(spec.depthwise ? static_cast<uint32_t>(spec.in_channels) : 1),
        in(static_cast<size_t>(spec.in_channels)),
        out(static_cast<size_t>(spec.out_channels)),
        // A kept indirection buffer would cost 8 bytes a tap and output pixel, 19 MB a layer at 512x512.
        flags(XNN_FLAG_TRANSIENT_INDIRECTION_BUFFER | (spec.depthwise ? XNN_FLAG_DEPTHWISE_CONVOLUTION : 0)) {}

  uint32_t before, after, above, below, kernel, stride, groups;
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

xnn_status create_float32(const Conv2dSpec& spec, Edges edges, const BlockWeights& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec, edges);
  return call_create(xnn_create_convolution2d_nhwc_f32, cache, op, g.above, g.after, g.below, g.before, g.kernel,
                     g.kernel, g.stride, g.stride, /*dilation_height=*/1,
                     /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out,
                     block.weight, block.bias, -kInfinity, kInfinity, g.flags);
}

xnn_status create_float16(const Conv2dSpec& spec, Edges edges, const BlockWeights& block, xnn_weights_cache_t cache,
                          xnn_operator_t* op) {
  const Geometry g(spec, edges);
  return call_create(xnn_create_convolution2d_nhwc_f16, cache, op, g.above, g.after, g.below, g.before, g.kernel,
                     g.kernel, g.stride, g.stride, /*dilation_height=*/1,
                     /*dilation_width=*/1, g.groups, g.in / g.groups, block.channels / g.groups, g.in, g.out,
                     block.weight, block.bias, -kInfinity, kInfinity, g.flags | XNN_FLAG_FP32_STATIC_WEIGHTS);
}

xnn_status create_int8(const Conv2dSpec& spec, Edges edges, const BlockWeights& block, xnn_weights_cache_t cache,
                       xnn_operator_t* op) {
  const Geometry g(spec, edges);
  return call_create(creator_of_int8_convolution(output_format(Format::kInt8PerPicture)), cache, op, g.above, g.after,
                     g.below, g.before, g.kernel, g.kernel, g.stride, g.stride, /*dilation_height=*/1,
                     /*dilation_width=*/1, g.groups, g.in, block.channels, g.in, g.out, block.scales, block.quantized,
                     block.bias, -kInfinity, kInfinity, g.flags);
}

auto* creator_of(Precision precision) {
  return precision == Precision::kFloat32   ? create_float32
         : precision == Precision::kFloat16 ? create_float16
                                            : create_int8;
}

// What an operator reads: `h` rows of pictures.
struct Input {
  int64_t n, h, w;
  const void* values;
  Format format;
  const xnn_quantization_params* quantization;  // of int8
};

// Shapes an operator and points it at its operands, y at the block's first channel; to run it is left.
xnn_status set_up(xnn_operator_t op, Context& context, const Input& x, Writing y, Workspace& workspace) {
  pthreadpool* const threads = context.threads().get();
  const auto n = static_cast<size_t>(x.n), h = static_cast<size_t>(x.h), w = static_cast<size_t>(x.w);
  size_t bytes = 0;
  xnn_status status = xnn_status_success;
  switch (x.format) {
    case Format::kFloat32:
      status = call_reshape_convolution(xnn_reshape_convolution2d_nhwc_f32, op, n, h, w, &bytes, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f32(op, workspace.get(), static_cast<const float*>(x.values),
                                              static_cast<float*>(y.data));
    case Format::kFloat16:
      status = call_reshape_convolution(xnn_reshape_convolution2d_nhwc_f16, op, n, h, w, &bytes, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return xnn_setup_convolution2d_nhwc_f16(op, workspace.get(), x.values, y.data);
    case Format::kInt8PerPicture:
      status = shape_int8_convolution(op, y.format, n, h, w, &bytes, threads);
      workspace = Workspace(context, bytes);
      if (status != xnn_status_success || !context.ok()) return status;
      return point_int8_convolution(op, workspace.get(), static_cast<const int8_t*>(x.values), x.quantization, y);
    case Format::kInt8PerRow:
      break;  // products alone read it
  }
  return xnn_status_invalid_state;
}

void run_operator(Context& context, std::string_view name, const XnnpackOperator& op, const Input& x, Writing y) {
  Workspace workspace;
  const xnn_status status = set_up(op.get(), context, x, y, workspace);
  if (context.ok()) run_xnnpack(context, op, status, name);
}

}  // namespace

IndirectConvolution::IndirectConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                         const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec) {
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
  const bool in_parts = where.store != nullptr && spec.kernel == 3 && spec.stride == 1;
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin);
    const size_t first = begin * static_cast<size_t>(size);
    const BlockWeights weights{static_cast<size_t>(block.size), from(kernel, first), from(offsets, begin),
                               from(quantized.values, first), from(quantized.scales, begin)};
    const auto make = [&](Edges edges) {
      return create_xnnpack_operator(block.name, where.provider(block.name), status,
                                     [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
                                       return creator_of(packing.precision)(spec, edges, weights, cache, op);
                                     });
    };
    Block made{.begin = block.begin, .size = block.size, .whole = make({}), .top = {}, .middle = {}, .bottom = {}};
    if (in_parts) {
      made.top = make({.top = true, .bottom = false});
      made.middle = make({.top = false, .bottom = false});
      made.bottom = make({.top = false, .bottom = true});
    }
    blocks_.push_back(std::move(made));
  }
}

void IndirectConvolution::run_part(Context& context, std::string_view name, const Block& block, const Tensor& x,
                                   int64_t picture, int64_t row, int64_t rows, Tensor& y) const {
  const Shape &from = x.shape(), &to = y.shape();
  const bool top = row == 0, bottom = row + rows == to.h;
  const int64_t begin = std::max<int64_t>(row - spec_.padding(), 0);
  const int64_t end = std::min(row + rows + spec_.padding(), from.h);
  const auto* const values = static_cast<const std::byte*>(x.memory());
  const int64_t first = (picture * from.h + begin) * from.w * from.c;
  run_operator(context, name,
               top      ? block.top
               : bottom ? block.bottom
                        : block.middle,
               {1, end - begin, from.w, values + first * static_cast<int64_t>(size_of(x.format())), x.format(),
                is_quantized(x.format()) ? quantization_params(x) + picture : nullptr},
               y.at((picture * to.h + row) * to.w * to.c + block.begin));
}

void IndirectConvolution::run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const Shape &from = x.shape(), &to = y.shape();
  for (const Block& block : blocks_) {
    const int64_t row_macs =
        to.w * block.size * spec_.kernel * spec_.kernel * (spec_.depthwise ? 1 : spec_.in_channels);
    const int64_t parts = (to.h * row_macs + kMostMacs - 1) / kMostMacs;
    const int64_t rows = (to.h + parts - 1) / parts;
    if (block.middle.get() == nullptr || rows >= to.h) {
      if (!context.goes_on()) return;
      run_operator(
          context, name, block.whole,
          {from.n, from.h, from.w, x.memory(), x.format(), is_quantized(x.format()) ? quantization_params(x) : nullptr},
          y.at(block.begin));
      continue;
    }
    for (int64_t picture = 0; picture < from.n; ++picture) {
      for (int64_t row = 0; row < to.h; row += rows) {
        if (!context.goes_on()) return;
        run_part(context, name, block, x, picture, row, std::min(rows, to.h - row), y);
      }
    }
  }
  multiply(context, y, magnification_.remedy());
}

int64_t IndirectConvolution::packed_bytes() const {
  int64_t bytes = 0;
  for (const Block& block : blocks_)
    bytes += block.whole.bytes() + block.top.bytes() + block.middle.bytes() + block.bottom.bytes();
  return bytes;
}

}  // namespace mobilediffusion::kernels
