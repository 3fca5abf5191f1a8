// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/fully_connected.h"

#include <algorithm>

#include "kernels/elementwise/elementwise.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

// Some output channels' part of the matrix; null where its packed weights are held already.
struct BlockWeights {
  size_t in, channels, all_channels;
  const float *weight, *bias;
  const int8_t* quantized;  // in int8, with a scale for each channel
  const float* scales;
};

xnn_status create(Precision precision, const BlockWeights& block, xnn_weights_cache_t cache, xnn_operator_t* op) {
  switch (precision) {
    case Precision::kFloat32:
      return call_create(xnn_create_fully_connected_nc_f32, cache, op, block.in, block.channels, block.in,
                         block.all_channels, block.weight, block.bias, -kInfinity, kInfinity, /*flags=*/0);
    case Precision::kFloat16:
      return call_create(xnn_create_fully_connected_nc_f16, cache, op, block.in, block.channels, block.in,
                         block.all_channels, block.weight, block.bias, -kInfinity, kInfinity,
                         XNN_FLAG_FP32_STATIC_WEIGHTS);
    case Precision::kInt8:
      return call_create(creator_of_int8_linear(output_format(Format::kInt8PerRow)), cache, op, block.in,
                         block.channels, block.in, block.all_channels, block.scales, block.quantized, block.bias,
                         -kInfinity, kInfinity, /*flags=*/0);
  }
  return xnn_status_invalid_parameter;
}

// Shapes it for `rows` rows of x and points it at them, and at y; to run it is left.
xnn_status set_up(xnn_operator_t op, size_t rows, const Tensor& x, Writing y, pthreadpool* threads) {
  xnn_status status = xnn_status_success;
  switch (x.format()) {
    case Format::kFloat32:
      status = xnn_reshape_fully_connected_nc_f32(op, rows, threads);
      if (status != xnn_status_success) return status;
      return xnn_setup_fully_connected_nc_f32(op, x.data(), static_cast<float*>(y.data));
    case Format::kFloat16:
      status = xnn_reshape_fully_connected_nc_f16(op, rows, threads);
      if (status != xnn_status_success) return status;
      return xnn_setup_fully_connected_nc_f16(op, x.memory(), y.data);
    default:
      return set_up_int8_linear(op, rows, x.quantized(), quantization_params(x), y, threads);
  }
}

}  // namespace

FullyConnected::FullyConnected(const std::string& name, const LinearSpec& spec, const WeightView& weight,
                               const WeightView& bias, const Packing& packing, Status& status)
    : magnification_(name, packing) {
  const Format format = format_of(packing.precision, Format::kInt8PerRow);
  const std::vector<ColumnBlock> blocks = column_blocks(name, spec.out, spec.in, format);
  std::vector<float> matrix, offsets;
  QuantizedWeight quantized;
  if (!magnification_.held() ||
      !std::ranges::all_of(blocks, [&](const ColumnBlock& block) { return packing.holds(block.name); })) {
    matrix = to_float32(weight, name + ".weight", status);
    if (spec.bias) offsets = to_float32(bias, name + ".bias", status);
    if (is_quantized(format)) quantized = quantize_weight(matrix, spec.out);
    magnification_.magnify(spec.out, matrix, offsets, status);
  }
  const auto in = static_cast<size_t>(spec.in);
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin);
    const BlockWeights weights{in,
                               static_cast<size_t>(block.size),
                               static_cast<size_t>(spec.out),
                               from(matrix, begin * in),
                               from(offsets, begin),
                               from(quantized.values, begin * in),
                               from(quantized.scales, begin)};
    blocks_.push_back({block.begin, create_xnnpack_operator(block.name, packing.provider(block.name), status,
                                                            [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
                                                              return create(packing.precision, weights, cache, op);
                                                            })});
  }
}

void FullyConnected::run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const auto rows = static_cast<size_t>(x.shape().rows());
  for (const BlockOperator& block : blocks_) {
    if (!context.goes_on()) return;
    run_xnnpack(context, block.op, set_up(block.op.get(), rows, x, y.at(block.begin), context.threads().get()), name);
  }
  multiply(context, y, magnification_.remedy());
}

}  // namespace mobilediffusion::kernels
