// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/linear.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/elementwise/quantize.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/float16_support.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_operator.h"

namespace mobilediffusion::kernels {

struct Linear::Packed {
  struct Block {
    int64_t begin;  // the first output channel
    XnnpackOperator op;
  };
  std::vector<Block> blocks;

  // Sets it up for `rows` rows of x; `run` follows.
  static xnn_status set_up(const Block& block, size_t rows, const Tensor& x, Tensor& y, pthreadpool* threads);
};

Linear::Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)), spec_(spec), input_format_(format_of(packing.precision, Format::kInt8PerRow)) {
  if (!status.ok() || weight.data == nullptr) return;
  const std::vector<ColumnBlock> blocks = column_blocks(name_, spec.out, spec.in, input_format_);
  std::vector<float> matrix, values;
  QuantizedWeight quantized;
  if (!std::ranges::all_of(blocks, [&](const ColumnBlock& block) { return packing.holds(block.name); })) {
    matrix = to_float32(weight, name_ + ".weight", status);
    if (spec.bias) values = to_float32(bias, name_ + ".bias", status);
    if (is_quantized(input_format_)) quantized = quantize_weight(matrix, spec.out);
  }
  const size_t in = static_cast<size_t>(spec.in), out = static_cast<size_t>(spec.out);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  packed_ = std::make_unique<Packed>();
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin), size = static_cast<size_t>(block.size);
    const auto create = [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
      switch (packing.precision) {
        case Precision::kFloat32:
          return xnn_create_fully_connected_nc_f32(in, size, in, out, from(matrix, begin * in), from(values, begin),
                                                   -kInfinity, kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache,
                                                   op);
        case Precision::kFloat16:
          return xnn_create_fully_connected_nc_f16(in, size, in, out, from(matrix, begin * in), from(values, begin),
                                                   -kInfinity, kInfinity, XNN_FLAG_FP32_STATIC_WEIGHTS,
                                                   /*code_cache=*/nullptr, cache, op);
        case Precision::kInt8:
          return creator_of_int8_linear(output_format(input_format_))(
              in, size, in, out, from(quantized.scales, begin), from(quantized.values, begin * in), from(values, begin),
              -kInfinity, kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache, op);
      }
      return xnn_status_invalid_parameter;
    };
    packed_->blocks.push_back({block.begin, create_xnnpack_operator(block.name, packing.provider(block.name), status, create)});
  }
}

Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

xnn_status Linear::Packed::set_up(const Block& block, size_t rows, const Tensor& x, Tensor& y, pthreadpool* threads) {
  xnn_operator_t const op = block.op.get();
  xnn_status status = xnn_status_success;
  switch (x.format()) {
    case Format::kFloat32:
      status = xnn_reshape_fully_connected_nc_f32(op, rows, threads);
      if (status != xnn_status_success) return status;
      return xnn_setup_fully_connected_nc_f32(op, x.data(), y.data() + block.begin);
    case Format::kFloat16:
      status = xnn_reshape_fully_connected_nc_f16(op, rows, threads);
      if (status != xnn_status_success) return status;
      return xnn_setup_fully_connected_nc_f16(op, x.memory(), y.at(block.begin).data);
    default:
      return set_up_int8_linear(op, rows, x.quantized(), quantization_params(x), y.at(block.begin), threads);
  }
}

Tensor Linear::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, convert(context, name_, x, input_format_));
  Shape shape = x.shape();
  shape.c = spec_.out;
  Tensor y = context.make(shape, output_format(input_format_));
  const auto call = context.begin(name_, "linear", shape.rows() * spec_.in * spec_.out);
  if (!call) return y;

  for (const Packed::Block& block : packed_->blocks) {
    run_xnnpack(context, block.op,
                Packed::set_up(block, static_cast<size_t>(shape.rows()), x, y, context.threads().get()), name_);
  }
  return y;
}

}  // namespace mobilediffusion::kernels
