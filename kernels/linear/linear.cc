// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/linear.h"

#include <utility>

#include "kernels/elementwise/quantize.h"
#include "kernels/linear/fully_connected.h"
#include "kernels/packing/float16_support.h"

namespace mobilediffusion::kernels {

Linear::Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)), spec_(spec), input_format_(format_of(packing.precision, Format::kInt8PerRow)) {
  if (!status.ok() || weight.data == nullptr) return;
  product_ = std::make_unique<FullyConnected>(name_, spec, weight, bias, packing, status);
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
  if (call) run(context, x, y);
  return y;
}

void Linear::run(Context& context, const Tensor& x, Tensor& y) const { product_->run(context, name_, x, y); }

int64_t Linear::packed_bytes() const { return product_ == nullptr ? 0 : product_->packed_bytes(); }

}  // namespace mobilediffusion::kernels
