// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/column_blocks.h"
#include "kernels/quantize.h"
#include "kernels/xnnpack_operator.h"

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
    : name_(std::move(name)),
      spec_(spec),
      input_format_(packing.precision == Precision::kInt8 ? Format::kInt8PerRow : Format::kFloat32) {
  if (!status.ok() || weight.data == nullptr) return;
  const bool float32 = packing.precision == Precision::kFloat32;
  const std::vector<ColumnBlock> blocks = column_blocks(name_, spec.out, spec.in * (float32 ? 4 : 1));
  std::vector<float> matrix, values;
  QuantizedWeight quantized;
  if (!std::ranges::all_of(blocks, [&](const ColumnBlock& block) { return packing.holds(block.name); })) {
    matrix = to_float32(weight, name_ + ".weight", status);
    if (spec.bias) values = to_float32(bias, name_ + ".bias", status);
    if (!float32) quantized = quantize_weight(matrix, spec.out);
  }
  const size_t in = static_cast<size_t>(spec.in), out = static_cast<size_t>(spec.out);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  packed_ = std::make_unique<Packed>();
  for (const ColumnBlock& block : blocks) {
    const auto begin = static_cast<size_t>(block.begin), size = static_cast<size_t>(block.size);
    const float* const offsets = spec.bias ? values.data() + begin : nullptr;
    packed_->blocks.push_back(
        {block.begin,
         create_xnnpack_operator(block.name, packing, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
           if (float32) {
             return xnn_create_fully_connected_nc_f32(in, size, in, out, matrix.data() + begin * in, offsets,
                                                      -kInfinity, kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache,
                                                      op);
           }
           return xnn_create_fully_connected_nc_qd8_f32_qc8w(in, size, in, out, quantized.scales.data() + begin,
                                                             quantized.values.data() + begin * in, offsets, -kInfinity,
                                                             kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache, op);
         })});
  }
}

Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

xnn_status Linear::Packed::set_up(const Block& block, size_t rows, const Tensor& x, Tensor& y, pthreadpool* threads) {
  xnn_operator_t const op = block.op.get();
  if (x.format() == Format::kFloat32) {
    const xnn_status status = xnn_reshape_fully_connected_nc_f32(op, rows, threads);
    return status == xnn_status_success ? xnn_setup_fully_connected_nc_f32(op, x.data(), y.data() + block.begin)
                                        : status;
  }
  const xnn_status status = xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, rows, threads);
  return status == xnn_status_success ? xnn_setup_fully_connected_nc_qd8_f32_qc8w(
                                            op, x.quantized(), y.data() + block.begin, quantization_params(x))
                                      : status;
}

Tensor Linear::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, quantize(context, name_, x, input_format_));
  Shape shape = x.shape();
  shape.c = spec_.out;
  Tensor y = context.make(shape);
  const auto call = context.begin(name_, "linear", shape.rows() * spec_.in * spec_.out);
  if (!call) return y;

  for (const Packed::Block& block : packed_->blocks) {
    run_xnnpack(context, block.op,
                Packed::set_up(block, static_cast<size_t>(shape.rows()), x, y, context.threads().get()), name_);
  }
  return y;
}

}  // namespace mobilediffusion::kernels
