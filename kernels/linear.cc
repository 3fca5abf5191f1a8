// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear.h"

#include <limits>
#include <utility>
#include <vector>

#include "kernels/quantize.h"
#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {

struct Linear::Packed {
  XnnpackOperator op;
};

Linear::Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)),
      spec_(spec),
      input_format_(packing.precision == Precision::kInt8 ? Format::kInt8PerRow : Format::kFloat32) {
  if (!status.ok() || weight.data == nullptr) return;
  std::vector<float> matrix, values;
  if (!packing.holds(name_)) {
    matrix = to_float32(weight, name_ + ".weight", status);
    if (spec.bias) values = to_float32(bias, name_ + ".bias", status);
  }
  const float* const offsets = spec.bias ? values.data() : nullptr;
  const size_t in = static_cast<size_t>(spec.in), out = static_cast<size_t>(spec.out);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  packed_ = std::make_unique<Packed>();
  packed_->op = create_xnnpack_operator(name_, packing, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
    if (packing.precision == Precision::kFloat32) {
      return xnn_create_fully_connected_nc_f32(in, out, in, out, matrix.data(), offsets, -kInfinity, kInfinity,
                                               /*flags=*/0, /*code_cache=*/nullptr, cache, op);
    }
    const QuantizedWeight quantized = quantize_weight(matrix, spec.out);
    return xnn_create_fully_connected_nc_qd8_f32_qc8w(in, out, in, out, quantized.scales.data(),
                                                      quantized.values.data(), offsets, -kInfinity, kInfinity,
                                                      /*flags=*/0, /*code_cache=*/nullptr, cache, op);
  });
}

Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

Tensor Linear::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, quantize(context, name_, x, input_format_));
  Shape shape = x.shape();
  shape.c = spec_.out;
  Tensor y = context.make(shape);
  const auto call = context.begin(name_, "linear", shape.rows() * spec_.in * spec_.out);
  if (!call) return y;

  xnn_operator_t const op = packed_->op.get();
  const auto rows = static_cast<size_t>(shape.rows());
  xnn_status status = xnn_status_success;
  if (x.format() == Format::kFloat32) {
    status = xnn_reshape_fully_connected_nc_f32(op, rows, context.threads().get());
    if (status == xnn_status_success) status = xnn_setup_fully_connected_nc_f32(op, x.data(), y.data());
  } else {
    status = xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, rows, context.threads().get());
    if (status == xnn_status_success) {
      status = xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, x.quantized(), y.data(), quantization_params(x));
    }
  }
  run_xnnpack(context, packed_->op, status, name_);
  return y;
}

}  // namespace mobilediffusion::kernels
