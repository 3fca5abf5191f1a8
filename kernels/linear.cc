// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear.h"

#include <limits>
#include <utility>
#include <vector>

#include "kernels/quantize.h"
#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {

namespace {

std::vector<OutputRange> parts_of(const LinearSpec& spec, Format input) {
  return input == Format::kFloat16 ? float16_parts(spec.out) : std::vector<OutputRange>{{0, spec.out}};
}

Format input_format_of(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return Format::kFloat32;
    case Precision::kFloat16:
      return Format::kFloat16;
    case Precision::kInt8:
      return Format::kInt8PerRow;
  }
  return Format::kFloat32;
}

}  // namespace

struct Linear::Packed {
  std::vector<XnnpackOperator> parts;
};

Linear::Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)), spec_(spec), input_format_(input_format_of(packing.precision)) {
  if (!status.ok() || weight.data == nullptr) return;
  const std::vector<OutputRange> parts = parts_of(spec, input_format_);
  std::vector<float> matrix, values;
  if (!packing.holds(part_name(name_, parts, 0))) {
    matrix = to_float32(weight, name_ + ".weight", status);
    if (spec.bias) values = to_float32(bias, name_ + ".bias", status);
  }
  const float* const offsets = spec.bias ? values.data() : nullptr;
  const size_t in = static_cast<size_t>(spec.in), out = static_cast<size_t>(spec.out);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  packed_ = std::make_unique<Packed>();
  for (size_t i = 0; i < parts.size(); ++i) {
    packed_->parts.push_back(create_xnnpack_operator(
        part_name(name_, parts, i), packing, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
          if (packing.precision == Precision::kFloat32) {
            return xnn_create_fully_connected_nc_f32(in, out, in, out, matrix.data(), offsets, -kInfinity, kInfinity,
                                                     /*flags=*/0, /*code_cache=*/nullptr, cache, op);
          }
          if (packing.precision == Precision::kFloat16) {
            const auto begin = static_cast<size_t>(parts[i].begin), end = static_cast<size_t>(parts[i].end);
            return xnn_create_fully_connected_nc_f16(in, end - begin, in, out, from(matrix, begin * in),
                                                     spec.bias ? from(values, begin) : nullptr, -kInfinity, kInfinity,
                                                     XNN_FLAG_FP32_STATIC_WEIGHTS, /*code_cache=*/nullptr, cache, op);
          }
          const QuantizedWeight quantized = quantize_weight(matrix, spec.out);
          return xnn_create_fully_connected_nc_qd8_f32_qc8w(in, out, in, out, quantized.scales.data(),
                                                            quantized.values.data(), offsets, -kInfinity, kInfinity,
                                                            /*flags=*/0, /*code_cache=*/nullptr, cache, op);
        }));
  }
}

Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

Tensor Linear::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, convert(context, name_, x, input_format_));
  Shape shape = x.shape();
  shape.c = spec_.out;
  Tensor y = context.make(shape, output_format(input_format_));
  const auto call = context.begin(name_, "linear", shape.rows() * spec_.in * spec_.out);
  if (!call) return y;

  const auto rows = static_cast<size_t>(shape.rows());
  pthreadpool* const threads = context.threads().get();
  const std::vector<OutputRange> parts = parts_of(spec_, input_format_);
  for (size_t i = 0; i < parts.size(); ++i) {
    xnn_operator_t const op = packed_->parts[i].get();
    xnn_status status = xnn_status_success;
    switch (input_format_) {
      case Format::kFloat32:
        status = xnn_reshape_fully_connected_nc_f32(op, rows, threads);
        if (status == xnn_status_success) status = xnn_setup_fully_connected_nc_f32(op, x.data(), y.data());
        break;
      case Format::kFloat16:
        status = xnn_reshape_fully_connected_nc_f16(op, rows, threads);
        if (status == xnn_status_success)
          status = xnn_setup_fully_connected_nc_f16(op, x.memory(), y.at(parts[i].begin).data);
        break;
      default:
        status = xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, rows, threads);
        if (status == xnn_status_success) {
          status = xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, x.quantized(), y.data(), quantization_params(x));
        }
    }
    run_xnnpack(context, packed_->parts[i], status, name_);
  }
  return y;
}

}  // namespace mobilediffusion::kernels
