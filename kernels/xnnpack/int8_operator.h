// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// XNNPACK's operators on dynamic int8, which write float32 or float16, each pair under one name.
#pragma once

#include <xnnpack.h>

#include "kernels/runtime/allocation.h"
#include "kernels/runtime/format.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {

inline auto* creator_of_int8_linear(Format output) {
  return output == Format::kFloat16 ? xnn_create_fully_connected_nc_qd8_f16_qc8w
                                    : xnn_create_fully_connected_nc_qd8_f32_qc8w;
}

// Shapes it for `rows` rows and points it at them; to run it is left.
inline xnn_status set_up_int8_linear(xnn_operator_t op, size_t rows, const int8_t* x,
                                     const xnn_quantization_params* params, Writing y, pthreadpool_t threads) {
  if (y.format == Format::kFloat16) {
    const xnn_status status = xnn_reshape_fully_connected_nc_qd8_f16_qc8w(op, rows, threads);
    return status != xnn_status_success ? status : xnn_setup_fully_connected_nc_qd8_f16_qc8w(op, x, y.data, params);
  }
  const xnn_status status = xnn_reshape_fully_connected_nc_qd8_f32_qc8w(op, rows, threads);
  return status != xnn_status_success
             ? status
             : xnn_setup_fully_connected_nc_qd8_f32_qc8w(op, x, static_cast<float*>(y.data), params);
}

inline auto* creator_of_int8_convolution(Format output) {
  return output == Format::kFloat16 ? xnn_create_convolution2d_nhwc_qd8_f16_qc8w
                                    : xnn_create_convolution2d_nhwc_qd8_f32_qc8w;
}

// XNNPACK allocates a list of the pictures here, 8 bytes each, and a row of zeros for every one but the first, and does
// not look whether it got them (its version of 2024-11-08): a process without memory for these crashes.
inline xnn_status shape_int8_convolution(xnn_operator_t op, Format output, size_t n, size_t h, size_t w,
                                         size_t* workspace_bytes, pthreadpool_t threads) {
  const UncheckedAllocations unchecked;
  const auto reshape = output == Format::kFloat16 ? xnn_reshape_convolution2d_nhwc_qd8_f16_qc8w
                                                  : xnn_reshape_convolution2d_nhwc_qd8_f32_qc8w;
  return call_reshape_convolution(reshape, op, n, h, w, workspace_bytes, threads);
}

inline xnn_status point_int8_convolution(xnn_operator_t op, void* workspace, const int8_t* x,
                                         const xnn_quantization_params* params, Writing y) {
  return y.format == Format::kFloat16
             ? xnn_setup_convolution2d_nhwc_qd8_f16_qc8w(op, workspace, x, y.data, params)
             : xnn_setup_convolution2d_nhwc_qd8_f32_qc8w(op, workspace, x, static_cast<float*>(y.data), params);
}

}  // namespace mobilediffusion::kernels
