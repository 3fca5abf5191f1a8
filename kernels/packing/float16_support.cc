// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/float16_support.h"

#include <array>
#include <limits>
#include <numeric>

#include "kernels/packing/product_tile.h"
#include "kernels/runtime/processor.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

// XNNPACK's widest half-precision tile.
constexpr int kTile = 64;

// Whether each of the first outputs is its number, from 1 on.
bool are_their_numbers(const std::array<Half, kTile>& y, int outputs) {
  for (int i = 0; i < outputs; ++i) {
    if (float_from_float16(y[static_cast<size_t>(i)].bits) != static_cast<float>(i + 1)) return false;
  }
  return true;
}

// A product by a column of ones: each output is its number, or XNNPACK has no such operator or does not add it up
// right.
bool multiplies_right(int outputs) {
  std::array<float, kTile> weight{};
  for (int i = 0; i < outputs; ++i) weight[static_cast<size_t>(i)] = static_cast<float>(i + 1);
  Status status;
  const XnnpackOperator op = create_xnnpack_operator(
      "a product in float16", /*weights_cache=*/nullptr, status, [&](xnn_weights_cache_t cache, xnn_operator_t* made) {
        const auto out = static_cast<size_t>(outputs);
        constexpr float kInfinity = std::numeric_limits<float>::infinity();
        return call_create(xnn_create_fully_connected_nc_f16, cache, made, 1, out, 1, out, weight.data(),
                           /*bias=*/nullptr, -kInfinity, kInfinity, XNN_FLAG_FP32_STATIC_WEIGHTS);
      });
  if (!status.ok()) return false;
  std::array<Half, kTile> x{}, y{};
  x[0].bits = float16_from_float(1);
  if (xnn_reshape_fully_connected_nc_f16(op.get(), 1, nullptr) != xnn_status_success ||
      xnn_setup_fully_connected_nc_f16(op.get(), x.data(), y.data()) != xnn_status_success ||
      xnn_run_operator(op.get(), nullptr) != xnn_status_success) {
    return false;
  }
  return are_their_numbers(y, outputs);
}

// The same by a column of ones in int8, to halves.
bool multiplies_int8_to_halves() {
  std::array<int8_t, kTile> weight{};
  std::array<float, kTile> scales{};
  scales.fill(1);
  std::iota(weight.begin(), weight.end(), int8_t{1});
  Status status;
  const XnnpackOperator op = create_xnnpack_operator(
      "a product in int8", /*weights_cache=*/nullptr, status, [&](xnn_weights_cache_t cache, xnn_operator_t* made) {
        constexpr float kInfinity = std::numeric_limits<float>::infinity();
        return call_create(creator_of_int8_linear(Format::kFloat16), cache, made, 1, kTile, 1, kTile, scales.data(),
                           weight.data(),
                           /*bias=*/nullptr, -kInfinity, kInfinity, /*flags=*/0);
      });
  if (!status.ok()) return false;
  std::array<int8_t, kTile> x{1};
  std::array<xnn_quantization_params, kTile> params{};  // XNNPACK reads a tile's
  params.fill({0, 1.0f});
  std::array<Half, kTile> y{};
  return set_up_int8_linear(op.get(), 1, x.data(), params.data(), {y.data(), Format::kFloat16}, nullptr) ==
             xnn_status_success &&
         xnn_run_operator(op.get(), nullptr) == xnn_status_success && are_their_numbers(y, kTile);
}

}  // namespace

int float16_outputs_at_once() {
  static const int most = !multiplies_right(kTile - 1) ? 0
                          : multiplies_right(kTile)    ? std::numeric_limits<int>::max()
                                                       : kTile - 1;
  return most;
}

bool computes_float16() { return float16_outputs_at_once() > 0; }

Precision dequantized_precision() {
  static const bool halves =
      computes_float16() && multiplies_int8_to_halves() && !(multiplies_bytes() && halves_narrow_the_tile());
  return halves ? Precision::kFloat16 : Precision::kFloat32;
}

std::vector<OutputRange> float16_parts(int outputs) {
  const int most = float16_outputs_at_once();
  const int parts = most == 0 ? 1 : (outputs - 1) / most + 1;
  std::vector<OutputRange> ranges;
  for (int i = 0; i < parts; ++i) {
    ranges.push_back(
        {static_cast<int>(int64_t{outputs} * i / parts), static_cast<int>(int64_t{outputs} * (i + 1) / parts)});
  }
  return ranges;
}

}  // namespace mobilediffusion::kernels
