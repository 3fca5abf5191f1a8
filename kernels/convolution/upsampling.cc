// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/upsampling.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/convolution/upsampling_phases.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/quantize.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

// Phases are computed some rows at a time, so that what waits to be interleaved stays near the cores.
constexpr int64_t kBandBytes = int64_t{1} << 21;

// Rows come padded; columns are padded here, on the side that the phase looks to. The two columns' phases write every
// other pixel of a row.
xnn_status create(const Conv2dSpec& spec, Format format, OutputRange part, int column, const std::vector<float>& kernel,
                  const std::vector<float>& bias, xnn_weights_cache_t cache, xnn_operator_t* op) {
  const auto in = static_cast<size_t>(spec.in_channels), out = static_cast<size_t>(spec.out_channels);
  const uint32_t right = column == 0 ? 0 : 1, left = 1 - right;
  if (format == Format::kFloat32) {
    return call_create(xnn_create_convolution2d_nhwc_f32, cache, op, 0, right, 0, left, /*kernel_height=*/2,
                       /*kernel_width=*/2, /*subsampling_height=*/1, /*subsampling_width=*/1,
                       /*dilation_height=*/1, /*dilation_width=*/1, /*groups=*/1, in, out, in, 2 * out, kernel.data(),
                       bias.data(), -kInfinity, kInfinity, /*flags=*/0);
  }
  if (format == Format::kFloat16) {
    const auto begin = static_cast<size_t>(part.begin), end = static_cast<size_t>(part.end);
    return call_create(xnn_create_convolution2d_nhwc_f16, cache, op, 0, right, 0, left, /*kernel_height=*/2,
                       /*kernel_width=*/2, /*subsampling_height=*/1, /*subsampling_width=*/1,
                       /*dilation_height=*/1, /*dilation_width=*/1, /*groups=*/1, in, end - begin, in, 2 * out,
                       from(kernel, begin * 4 * in), from(bias, begin), -kInfinity, kInfinity,
                       XNN_FLAG_FP32_STATIC_WEIGHTS);
  }
  const QuantizedWeight quantized = quantize_weight(kernel, spec.out_channels);
  return call_create(creator_of_int8_convolution(output_format(format)), cache, op, 0, right, 0, left,
                     /*kernel_height=*/2, /*kernel_width=*/2, /*subsampling_height=*/1, /*subsampling_width=*/1,
                     /*dilation_height=*/1, /*dilation_width=*/1, /*groups=*/1, in, out, in, 2 * out,
                     quantized.scales.data(), quantized.values.data(), bias.data(), -kInfinity, kInfinity, /*flags=*/0);
}

}  // namespace

UpsamplingConvolution::UpsamplingConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                             const WeightView& bias, const Packing& packing, Status& status)
    : format_(format_of(packing.precision, Format::kInt8PerPicture)),
      out_channels_(spec.out_channels),
      parts_(format_ == Format::kFloat16 ? float16_parts(spec.out_channels)
                                         : std::vector<OutputRange>{{0, spec.out_channels}}),
      magnification_(name, packing) {
  const auto name_of = [&](int row, int column) {
    return name + ".phase_" + std::to_string(row) + std::to_string(column);
  };
  bool held = magnification_.held();
  for (const auto& [row, column] : {std::pair(0, 0), {0, 1}, {1, 0}, {1, 1}}) {
    for (size_t i = 0; i < parts_.size(); ++i)
      held = held && packing.holds(block_name(name_of(row, column), parts_, i));
  }
  std::vector<float> taps, offsets;
  if (!held) {
    taps = to_float32(weight, name + ".weight", status);
    offsets = to_float32(bias, name + ".bias", status);
    magnification_.magnify(spec.out_channels, taps, offsets, status);
  }
  for (const int row : {0, 1}) {
    for (const int column : {0, 1}) {
      if (!status.ok()) return;
      const std::vector<float> kernel = taps.empty() ? taps : phase_kernel(taps, spec, row, column);
      for (size_t i = 0; i < parts_.size(); ++i) {
        const std::string part = block_name(name_of(row, column), parts_, i);
        phases_[row][column].push_back(create_xnnpack_operator(
            part, packing.provider(part), status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
              return create(spec, format_, parts_[i], column, kernel, offsets, cache, op);
            }));
      }
    }
  }
}

Tensor UpsamplingConvolution::pad_rows(Context& context, const Shape& shape, Reading from) const {
  Tensor to = context.make({1, shape.h + 2, shape.w, shape.c}, format_);
  if (!context.ok()) return to;
  const int64_t row = shape.w * shape.c, size = shape.h * row;
  if (is_quantized(format_)) {
    *to.quantization() = quantize_range(context, from, size, to.quantized() + row);
    to.repeat_last_quantization();
    const auto zero = static_cast<int8_t>(to.quantization()->zero_point);
    std::fill_n(to.quantized(), row, zero);
    std::fill_n(to.quantized() + row + size, row, zero);
  } else {
    const size_t row_bytes = static_cast<size_t>(row) * size_of(format_);
    std::memset(to.at(0).data, 0, row_bytes);
    std::memcpy(to.at(row).data, from.data, static_cast<size_t>(shape.h) * row_bytes);
    std::memset(to.at(row + size).data, 0, row_bytes);
  }
  return to;
}

int64_t UpsamplingConvolution::packed_bytes() const {
  int64_t bytes = 0;
  for (const auto& columns : phases_) {
    for (const std::vector<XnnpackOperator>& parts : columns) {
      for (const XnnpackOperator& op : parts) bytes += op.bytes();
    }
  }
  return bytes;
}

// The output rows that read `rows` + 1 padded input rows from `row` on.
xnn_status UpsamplingConvolution::run_phase(Context& context, xnn_operator_t op, const Tensor& padded, int64_t row,
                                            int64_t rows, Writing to) const {
  pthreadpool* const threads = context.threads().get();
  const auto h = static_cast<size_t>(rows + 1), w = static_cast<size_t>(padded.shape().w);
  const int64_t offset = row * padded.shape().w * padded.shape().c;
  size_t bytes = 0;
  xnn_status status = xnn_status_success;
  switch (format_) {
    case Format::kFloat32:
      status = call_reshape_convolution(xnn_reshape_convolution2d_nhwc_f32, op, 1, h, w, &bytes, threads);
      if (status == xnn_status_success) {
        status = xnn_setup_convolution2d_nhwc_f32(op, /*workspace=*/nullptr, padded.data() + offset,
                                                  static_cast<float*>(to.data));
      }
      break;
    case Format::kFloat16:
      status = call_reshape_convolution(xnn_reshape_convolution2d_nhwc_f16, op, 1, h, w, &bytes, threads);
      if (status == xnn_status_success) {
        status = xnn_setup_convolution2d_nhwc_f16(op, /*workspace=*/nullptr, padded.at(offset).data, to.data);
      }
      break;
    default:
      status = shape_int8_convolution(op, to.format, 1, h, w, &bytes, threads);
      if (status == xnn_status_success) {
        status = point_int8_convolution(op, /*workspace=*/nullptr, padded.quantized() + offset,
                                        quantization_params(padded), to);
      }
  }
  return status == xnn_status_success ? xnn_run_operator(op, threads) : status;
}

void UpsamplingConvolution::run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  const int64_t out_row = 2 * shape.w * out_channels_;
  const auto row_bytes = static_cast<int64_t>(size_of(y.format())) * out_row;
  const int64_t band = std::clamp<int64_t>(kBandBytes / (2 * row_bytes), 1, shape.h);
  Tensor even_and_odd = context.make({2, band, 2 * shape.w, out_channels_}, y.format());
  for (int64_t picture = 0; picture < shape.n; ++picture) {
    const Tensor padded = pad_rows(context, shape, x.at(picture * shape.h * shape.w * shape.c));
    for (int64_t begin = 0; begin < shape.h; begin += band) {
      if (!context.goes_on()) return;
      const int64_t rows = std::min(band, shape.h - begin);
      for (const int row : {0, 1}) {
        for (const int column : {0, 1}) {
          for (size_t i = 0; i < parts_.size(); ++i) {
            const xnn_status status =
                run_phase(context, phases_[row][column][i].get(), padded, begin + row, rows,
                          even_and_odd.at(row * band * out_row + column * out_channels_ + parts_[i].begin));
            if (status != xnn_status_success) return context.fail(xnnpack_status(status, "running", name));
          }
        }
      }
      const int64_t to = (picture * shape.h + begin) * 2;
      context.threads().parallel_for(2 * rows, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          std::memcpy(y.at((to + i) * out_row).data, even_and_odd.at((i % 2 * band + i / 2) * out_row).data,
                      static_cast<size_t>(row_bytes));
        }
      });
    }
  }
  multiply(context, y, magnification_.remedy());
}

}  // namespace mobilediffusion::kernels
