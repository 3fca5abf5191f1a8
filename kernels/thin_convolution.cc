// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/thin_convolution.h"

#include <algorithm>
#include <limits>

namespace mobilediffusion::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Pixels are taken some rows at a time, so that their products stay near the cores.
constexpr int64_t kBandBytes = int64_t{2} << 20;

// From (out, in, 3, 3) to (kh, kw, out, in).
std::vector<float> taps_first(const std::vector<float>& weight, const Conv2dSpec& spec) {
  const auto out = static_cast<size_t>(spec.out_channels), in = static_cast<size_t>(spec.in_channels);
  std::vector<float> to(weight.size());
  for (size_t o = 0; o < out; ++o) {
    for (size_t i = 0; i < in; ++i) {
      for (size_t t = 0; t < 9; ++t) to[(t * out + o) * in + i] = weight[(o * in + i) * 9 + t];
    }
  }
  return to;
}

// An output row: the bias, and of the products of its three input rows each tap's. A null row is outside the picture.
void add_up(const float* const rows[3], int64_t width, int64_t out, const float* bias, float* to) {
  for (int64_t x = 0; x < width; ++x) std::copy_n(bias, out, to + x * out);
  for (int64_t dy = 0; dy < 3; ++dy) {
    if (rows[dy] == nullptr) continue;
    for (int64_t dx = 0; dx < 3; ++dx) {
      const int64_t begin = std::max<int64_t>(0, 1 - dx), end = std::min(width, width + 1 - dx);
      const float* const from = rows[dy] + (dx - 1) * 9 * out + (dy * 3 + dx) * out;
      for (int64_t x = begin; x < end; ++x) {
        for (int64_t o = 0; o < out; ++o) to[x * out + o] += from[x * 9 * out + o];
      }
    }
  }
}

}  // namespace

bool ThinConvolution::suits(const Conv2dSpec& spec) {
  return spec.kernel == 3 && spec.stride == 1 && !spec.depthwise && !spec.upsample_2x && spec.out_channels <= 8 &&
         spec.in_channels >= 16;
}

ThinConvolution::ThinConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                 const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec), bias_(to_float32(bias, name + ".bias", status)) {
  const std::string packed_name = name + ".taps";
  std::vector<float> kernel;
  if (!packing.holds(packed_name)) kernel = taps_first(to_float32(weight, name + ".weight", status), spec);
  products_ = create_xnnpack_operator(packed_name, packing, status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
    const auto in = static_cast<size_t>(spec.in_channels), out = static_cast<size_t>(9 * spec.out_channels);
    return xnn_create_fully_connected_nc_f32(in, out, in, out, kernel.data(), /*bias=*/nullptr, -kInfinity, kInfinity,
                                             /*flags=*/0, /*code_cache=*/nullptr, cache, op);
  });
}

void ThinConvolution::operator()(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  const int64_t out = spec_.out_channels, row = shape.w * 9 * out;
  const int64_t band = std::clamp<int64_t>(kBandBytes / (row * static_cast<int64_t>(sizeof(float))), 1, shape.h);
  Tensor products = context.make({1, band + 2, shape.w, 9 * out});
  if (!context.ok()) return;
  pthreadpool* const threads = context.threads().get();
  for (int64_t picture = 0; picture < shape.n; ++picture) {
    for (int64_t begin = 0; begin < shape.h; begin += band) {
      const int64_t end = std::min(begin + band, shape.h);
      const int64_t first = std::max<int64_t>(begin - 1, 0), last = std::min(end + 1, shape.h);
      xnn_status status =
          xnn_reshape_fully_connected_nc_f32(products_.get(), static_cast<size_t>((last - first) * shape.w), threads);
      if (status == xnn_status_success) {
        status = xnn_setup_fully_connected_nc_f32(
            products_.get(), x.data() + (picture * shape.h + first) * shape.w * shape.c, products.data());
      }
      run_xnnpack(context, products_, status, name);
      if (!context.ok()) return;
      context.threads().parallel_for(end - begin, 1, [&](int64_t from, int64_t to) {
        for (int64_t h = begin + from; h < begin + to; ++h) {
          const float* rows[3];
          for (int64_t dy = 0; dy < 3; ++dy) {
            const int64_t at = h + dy - 1;
            rows[dy] = at >= 0 && at < shape.h ? products.data() + (at - first) * row : nullptr;
          }
          add_up(rows, shape.w, out, bias_.data(), y.data() + (picture * shape.h + h) * shape.w * out);
        }
      });
    }
  }
}

}  // namespace mobilediffusion::kernels
