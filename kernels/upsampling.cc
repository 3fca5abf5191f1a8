// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/upsampling.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/quantize.h"

namespace mobilediffusion::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Phases are computed some rows at a time, so that what waits to be interleaved stays near the cores.
constexpr int64_t kBandBytes = int64_t{1} << 21;

// Along an axis, the first of the three taps is alone on its pixel in an even phase, the last in an odd one.
constexpr int tap_of(int phase, int of_three) { return phase == 0 ? (of_three + 1) / 2 : of_three / 2; }

// From (out, in, 3, 3) to a phase's (out, 2, 2, in).
std::vector<float> phase_kernel(const std::vector<float>& weight, const Conv2dSpec& spec, int row, int column) {
  const int64_t in = spec.in_channels;
  std::vector<float> to(static_cast<size_t>(spec.out_channels * 4 * in));
  for (int64_t o = 0; o < spec.out_channels; ++o) {
    for (int64_t i = 0; i < in; ++i) {
      for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 3; ++x) {
          to[((o * 2 + tap_of(row, y)) * 2 + tap_of(column, x)) * in + i] += weight[((o * in + i) * 3 + y) * 3 + x];
        }
      }
    }
  }
  return to;
}

// Rows come padded; columns are padded here, on the side that the phase looks to. The two columns' phases write every
// other pixel of a row.
xnn_status create(const Conv2dSpec& spec, Precision precision, int column, const std::vector<float>& kernel,
                  const std::vector<float>& bias, xnn_weights_cache_t cache, xnn_operator_t* op) {
  const auto in = static_cast<size_t>(spec.in_channels), out = static_cast<size_t>(spec.out_channels);
  const uint32_t right = column == 0 ? 0 : 1, left = 1 - right;
  if (precision == Precision::kFloat32) {
    return xnn_create_convolution2d_nhwc_f32(
        0, right, 0, left, /*kernel_height=*/2, /*kernel_width=*/2, /*subsampling_height=*/1, /*subsampling_width=*/1,
        /*dilation_height=*/1, /*dilation_width=*/1, /*groups=*/1, in, out, in, 2 * out, kernel.data(), bias.data(),
        -kInfinity, kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache, op);
  }
  const QuantizedWeight quantized = quantize_weight(kernel, spec.out_channels);
  return xnn_create_convolution2d_nhwc_qd8_f32_qc8w(
      0, right, 0, left, /*kernel_height=*/2, /*kernel_width=*/2, /*subsampling_height=*/1, /*subsampling_width=*/1,
      /*dilation_height=*/1, /*dilation_width=*/1, /*groups=*/1, in, out, in, 2 * out, quantized.scales.data(),
      quantized.values.data(), bias.data(), -kInfinity, kInfinity, /*flags=*/0, /*code_cache=*/nullptr, cache, op);
}

}  // namespace

UpsamplingConvolution::UpsamplingConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                             const WeightView& bias, const Packing& packing, Status& status)
    : format_(packing.precision == Precision::kInt8 ? Format::kInt8PerPicture : Format::kFloat32),
      out_channels_(spec.out_channels) {
  const auto name_of = [&](int row, int column) {
    return name + ".phase_" + std::to_string(row) + std::to_string(column);
  };
  std::vector<float> taps, offsets;
  if (!packing.holds(name_of(0, 0))) {
    taps = to_float32(weight, name + ".weight", status);
    offsets = to_float32(bias, name + ".bias", status);
  }
  for (const int row : {0, 1}) {
    for (const int column : {0, 1}) {
      if (!status.ok()) return;
      const std::vector<float> kernel = taps.empty() ? taps : phase_kernel(taps, spec, row, column);
      phases_[row][column] = create_xnnpack_operator(
          name_of(row, column), packing, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
            return create(spec, packing.precision, column, kernel, offsets, cache, op);
          });
    }
  }
}

Tensor UpsamplingConvolution::pad_rows(Context& context, const Shape& shape, const float* from) const {
  Tensor to = context.make({1, shape.h + 2, shape.w, shape.c}, format_);
  if (!context.ok()) return to;
  const int64_t row = shape.w * shape.c, size = shape.h * row;
  if (format_ == Format::kFloat32) {
    std::fill_n(to.data(), row, 0.0f);
    std::memcpy(to.data() + row, from, static_cast<size_t>(size) * sizeof(float));
    std::fill_n(to.data() + row + size, row, 0.0f);
  } else {
    *to.quantization() = quantize_range(context, from, size, to.quantized() + row);
    to.repeat_last_quantization();
    const auto zero = static_cast<int8_t>(to.quantization()->zero_point);
    std::fill_n(to.quantized(), row, zero);
    std::fill_n(to.quantized() + row + size, row, zero);
  }
  return to;
}

// The output rows that read `rows` + 1 padded input rows from `row` on.
xnn_status UpsamplingConvolution::run_phase(Context& context, xnn_operator_t op, const Tensor& padded, int64_t row,
                                            int64_t rows, float* to) const {
  pthreadpool* const threads = context.threads().get();
  const auto h = static_cast<size_t>(rows + 1), w = static_cast<size_t>(padded.shape().w);
  const int64_t offset = row * padded.shape().w * padded.shape().c;
  size_t bytes = 0, alignment = 0, height = 0, width = 0;
  xnn_status status = xnn_status_success;
  if (format_ == Format::kFloat32) {
    status = xnn_reshape_convolution2d_nhwc_f32(op, 1, h, w, &bytes, &alignment, &height, &width, threads);
    if (status == xnn_status_success) {
      status = xnn_setup_convolution2d_nhwc_f32(op, /*workspace=*/nullptr, padded.data() + offset, to);
    }
  } else {
    status = xnn_reshape_convolution2d_nhwc_qd8_f32_qc8w(op, 1, h, w, &bytes, &alignment, &height, &width, threads);
    if (status == xnn_status_success) {
      status = xnn_setup_convolution2d_nhwc_qd8_f32_qc8w(op, /*workspace=*/nullptr, padded.quantized() + offset, to,
                                                         quantization_params(padded));
    }
  }
  return status == xnn_status_success ? xnn_run_operator(op, threads) : status;
}

void UpsamplingConvolution::operator()(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  const int64_t out_row = 2 * shape.w * out_channels_;
  const int64_t band =
      std::clamp<int64_t>(kBandBytes / (2 * out_row * static_cast<int64_t>(sizeof(float))), 1, shape.h);
  Tensor even_and_odd = context.make({2, band, 2 * shape.w, out_channels_});
  for (int64_t picture = 0; picture < shape.n; ++picture) {
    const Tensor padded = pad_rows(context, shape, x.data() + picture * shape.h * shape.w * shape.c);
    for (int64_t begin = 0; begin < shape.h; begin += band) {
      if (!context.ok()) return;
      const int64_t rows = std::min(band, shape.h - begin);
      for (const int row : {0, 1}) {
        for (const int column : {0, 1}) {
          const xnn_status status = run_phase(context, phases_[row][column].get(), padded, begin + row, rows,
                                              even_and_odd.data() + row * band * out_row + column * out_channels_);
          if (status != xnn_status_success) return context.fail(xnnpack_status(status, "running", name));
        }
      }
      float* const to = y.data() + (picture * shape.h + begin) * 2 * out_row;
      context.threads().parallel_for(2 * rows, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          std::memcpy(to + i * out_row, even_and_odd.data() + (i % 2 * band + i / 2) * out_row,
                      static_cast<size_t>(out_row) * sizeof(float));
        }
      });
    }
  }
}

}  // namespace mobilediffusion::kernels
