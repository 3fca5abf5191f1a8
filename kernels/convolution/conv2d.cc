// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/conv2d.h"

#include <utility>

#include "kernels/convolution/bfloat16_convolution.h"
#include "kernels/convolution/byte_convolution.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/convolution/indirect_convolution.h"
#include "kernels/convolution/point_products.h"
#include "kernels/convolution/pointwise_convolution.h"
#include "kernels/convolution/thin_convolution.h"
#include "kernels/convolution/upsampling.h"
#include "kernels/convolution/winograd.h"
#include "kernels/elementwise/quantize.h"
#include "kernels/packing/float16_support.h"

namespace mobilediffusion::kernels {
namespace {

// How a convolution is computed.
struct Choice {
  std::unique_ptr<ConvolutionAlgorithm> (*pack)(const std::string& name, const Conv2dSpec& spec,
                                                const WeightView& weight, const WeightView& bias,
                                                const Packing& packing, Status& status);
  Precision precision;
  Format input;
  bool reads_any_float = false;  // float32 as well as float16
  std::string_view kind = "conv2d";
  Kernel kernel;
};

template <typename Algorithm>
std::unique_ptr<ConvolutionAlgorithm> by(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                         const WeightView& bias, const Packing& packing, Status& status) {
  return std::make_unique<Algorithm>(name, spec, weight, bias, packing, status);
}

// By XNNPACK's products in a precision.
Kernel xnnpack(std::string_view way, Precision precision) {
  return {.way = way,
          .products = Kernel::Products::kXnnpack,
          .precision = precision,
          .result = precision == Precision::kInt8 ? dequantized_precision() : precision};
}

// The table: the first line that a shape and a precision fit.
Choice choose(const Conv2dSpec& spec, Precision asked) {
  constexpr int kFewChannels = 64;
  const Precision unquantized = asked == Precision::kInt8 ? dequantized_precision() : asked;
  const auto read = [](Precision precision) { return format_of(precision, Format::kInt8PerPicture); };

  // Single pixels to few channels: bound by memory, the product is done before its input would have been quantised.
  if (PointwiseConvolution::suits(spec) && spec.out_channels <= kFewChannels)
    return {.pack = by<PointwiseConvolution>,
            .precision = unquantized,
            .input = read(unquantized),
            .kind = "linear",
            .kernel = PointwiseConvolution::kernel_of(unquantized, spec)};

  // Other single pixels are rows to a product, each with a range of its own in int8.
  if (PointwiseConvolution::suits(spec))
    return {.pack = by<PointwiseConvolution>,
            .precision = asked,
            .input = Linear::input_format_of(asked),
            .kind = "linear",
            .kernel = PointwiseConvolution::kernel_of(asked, spec)};

  // Depthwise: bound by memory as well, so not worth quantising for.
  if (spec.depthwise)
    return {.pack = by<IndirectConvolution>,
            .precision = unquantized,
            .input = read(unquantized),
            .kind = "depthwise",
            .kernel = xnnpack({}, unquantized)};

  // 3x3 to few channels, float32: a matrix product's tiles of output channels would be mostly empty.
  if (asked == Precision::kFloat32 && ThinConvolution::suits(spec))
    return {.pack = by<ThinConvolution>,
            .precision = asked,
            .input = read(asked),
            .kernel = {.way = "thin", .products = Kernel::Products::kLoops}};

  // 3x3 of a middling number of channels, behind an upsampling or not: 4 times fewer products. In float32 alone, since
  // the transforms cost digits that half and int8 have not; also where weights in these are multiplied as such.
  if ((asked == Precision::kFloat32 || PanelProduct::suits_processor(asked)) && WinogradConvolution::suits(spec, asked))
    return {.pack = by<WinogradConvolution>,
            .precision = asked,
            .input = read(unquantized),
            .kernel = {.way = "winograd", .products = point_products(asked), .precision = asked}};

  // int8 where the processor has instructions for it, but no tiles.
  if (asked == Precision::kInt8 && ByteProduct::suits_processor() && ByteConvolution::suits(spec))
    return {.pack = by<ByteConvolution>,
            .precision = asked,
            .input = read(asked),
            .kernel = {.way = spec.upsample_2x ? "upsampling" : "indirect",
                       .products = Kernel::Products::kBytes,
                       .precision = asked}};

  // float16 where the processor has tiles of bfloat16.
  if (asked == Precision::kFloat16 && Bfloat16Product::suits_processor() && Bfloat16Convolution::suits(spec))
    return {.pack = by<Bfloat16Convolution>,
            .precision = asked,
            .input = read(asked),
            .kernel = {.way = spec.upsample_2x ? "upsampling" : "indirect",
                       .products = Kernel::Products::kTiles,
                       .precision = asked,
                       .result = asked}};

  // Behind an upsampling: 4 small kernels on the small picture, 9/4 times fewer products. It quantises the rows that it
  // pads by itself.
  if (spec.upsample_2x)
    return {.pack = by<UpsamplingConvolution>,
            .precision = asked,
            .input = read(unquantized),
            .reads_any_float = asked == Precision::kInt8,
            .kernel = xnnpack("upsampling", asked)};

  // Everything else.
  return {
      .pack = by<IndirectConvolution>, .precision = asked, .input = read(asked), .kernel = xnnpack("indirect", asked)};
}

}  // namespace

Conv2d::Conv2d(std::string name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
               const Packing& packing, Status& status)
    : name_(std::move(name)), spec_(spec) {
  const Choice choice = choose(spec, packing.precision);
  input_format_ = choice.input;
  reads_any_float_ = choice.reads_any_float;
  kind_ = choice.kind;
  kernel_ = choice.kernel;
  if (!status.ok() || weight.data == nullptr) return;
  algorithm_ = choice.pack(name_, spec, weight, bias, Packing(choice.precision, packing.store), status);
}

Conv2d::Conv2d(Conv2d&&) noexcept = default;
Conv2d& Conv2d::operator=(Conv2d&&) noexcept = default;
Conv2d::~Conv2d() = default;

Tensor Conv2d::operator()(Context& context, const Tensor& x) const {
  const bool readable = x.format() == input_format_ || (reads_any_float_ && !is_quantized(x.format()));
  if (!readable) return (*this)(context, convert(context, name_, x, input_format_));
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
  const auto call = context.begin(name_, kind_, macs, kernel_);
  if (call) algorithm_->run(context, name_, x, y);
}

int64_t Conv2d::packed_bytes() const { return algorithm_ == nullptr ? 0 : algorithm_->packed_bytes(); }

}  // namespace mobilediffusion::kernels
