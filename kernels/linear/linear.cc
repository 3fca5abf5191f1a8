// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/linear.h"

#include <utility>

#include "kernels/elementwise/quantize.h"
#include "kernels/linear/bfloat16_linear.h"
#include "kernels/linear/byte_linear.h"
#include "kernels/linear/fully_connected.h"
#include "kernels/linear/panel_linear.h"
#include "kernels/packing/float16_support.h"

namespace mobilediffusion::kernels {

namespace {

template <typename Algorithm>
std::unique_ptr<const LinearAlgorithm> by(const std::string& name, const LinearSpec& spec, const WeightView& weight,
                                          const WeightView& bias, const Packing& packing, Status& status) {
  return std::make_unique<Algorithm>(name, spec, weight, bias, packing, status);
}

// How a linear layer is computed.
struct Choice {
  std::unique_ptr<const LinearAlgorithm> (*pack)(const std::string& name, const LinearSpec& spec,
                                                 const WeightView& weight, const WeightView& bias,
                                                 const Packing& packing, Status& status);
  Kernel::Products products;
};

// The table: the first line that a precision, the processor and a shape fit.
Choice choose(Precision precision, const LinearSpec& spec) {
  // In float32 on vectors of AVX2 or AVX-512, weights in less where the processor multiplies none of it faster.
  if (PanelProduct::suits_processor(precision)) return {.pack = by<PanelLinear>, .products = Kernel::Products::kPanels};

  // In int8 where the processor has instructions for it, but no tiles.
  if (precision == Precision::kInt8 && ByteProduct::suits_processor() && ByteLinear::suits(spec))
    return {.pack = by<ByteLinear>, .products = Kernel::Products::kBytes};

  // float16 where the processor has tiles of bfloat16.
  if (precision == Precision::kFloat16 && Bfloat16Product::suits_processor() && Bfloat16Linear::suits(spec))
    return {.pack = by<Bfloat16Linear>, .products = Kernel::Products::kTiles};

  // Everything else.
  return {.pack = by<FullyConnected>, .products = Kernel::Products::kXnnpack};
}

}  // namespace

Format Linear::input_format_of(Precision precision) {
  const Format format = format_of(precision, Format::kInt8PerRow);
  // Rows of 8 bits are for the processor's own products of such.
  return is_quantized(format) && PanelProduct::suits_processor(precision) ? output_format(format) : format;
}

Kernel Linear::kernel_of(Precision precision, const LinearSpec& spec) {
  return {.way = {},
          .products = choose(precision, spec).products,
          .precision = precision,
          .result = precision == Precision::kInt8 ? dequantized_precision() : precision};
}

Linear::Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)),
      spec_(spec),
      input_format_(input_format_of(packing.precision)),
      kernel_(kernel_of(packing.precision, spec)) {
  if (!status.ok() || weight.data == nullptr) return;
  algorithm_ = choose(packing.precision, spec).pack(name_, spec, weight, bias, packing, status);
}

Linear::Linear(Linear&&) noexcept = default;
Linear& Linear::operator=(Linear&&) noexcept = default;
Linear::~Linear() = default;

Tensor Linear::operator()(Context& context, const Tensor& x) const {
  if (x.format() != input_format_) return (*this)(context, convert(context, name_, x, input_format_));
  Shape shape = x.shape();
  shape.c = spec_.out;
  Tensor y = context.make(shape, output_format(input_format_));
  const auto call = context.begin(name_, "linear", shape.rows() * spec_.in * spec_.out, kernel_);
  if (call) run(context, x, y);
  return y;
}

void Linear::run(Context& context, const Tensor& x, Tensor& y) const { algorithm_->run(context, name_, x, y); }

int64_t Linear::packed_bytes() const { return algorithm_ == nullptr ? 0 : algorithm_->packed_bytes(); }

}  // namespace mobilediffusion::kernels
