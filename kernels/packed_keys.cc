// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packed_keys.h"

#include <algorithm>
#include <limits>

namespace mobilediffusion::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kBlockValues = 131072;  // 512 KB

void multiply(Context& context, std::string_view name, const XnnpackOperator& op, const float* from, int64_t rows,
              float* to) {
  xnn_status status = xnn_reshape_fully_connected_nc_f32(op.get(), static_cast<size_t>(rows), context.threads().get());
  if (status == xnn_status_success) status = xnn_setup_fully_connected_nc_f32(op.get(), from, to);
  run_xnnpack(context, op, status, name);
}

}  // namespace

PackedKeys::PackedKeys(std::string_view name, const float* keys, const float* values, int64_t count, int64_t d,
                       Status& status)
    : d_(d) {
  const auto create = [&](const float* matrix, int64_t in, int64_t in_stride, int64_t out, int64_t out_stride,
                          uint32_t flags) {
    return create_xnnpack_operator(name, Precision::kFloat32, status, [&](xnn_weights_cache_t, xnn_operator_t* op) {
      return xnn_create_fully_connected_nc_f32(static_cast<size_t>(in), static_cast<size_t>(out),
                                               static_cast<size_t>(in_stride), static_cast<size_t>(out_stride), matrix,
                                               /*bias=*/nullptr, -kInfinity, kInfinity, flags,
                                               /*code_cache=*/nullptr, /*weights_cache=*/nullptr, op);
    });
  };
  const int64_t most = std::max<int64_t>(64, kBlockValues / d);
  for (int64_t begin = 0; begin < count; begin += most) {
    const int64_t size = std::min(most, count - begin);
    blocks_.push_back({begin, create(keys + begin * d, d, d, size, count, /*flags=*/0),
                       create(values + begin * d, size, count, d, d, XNN_FLAG_TRANSPOSE_WEIGHTS)});
  }
}

void PackedKeys::score(Context& context, std::string_view name, const float* queries, int64_t rows,
                       float* scores) const {
  for (const Block& block : blocks_) multiply(context, name, block.keys, queries, rows, scores + block.begin);
}

void PackedKeys::sum(Context& context, std::string_view name, const float* weights, int64_t rows, float* sums) const {
  Tensor part = context.make({1, 1, rows, d_});
  for (const Block& block : blocks_) {
    if (!context.ok()) return;
    multiply(context, name, block.values, weights + block.begin, rows, part.data());
    context.threads().parallel_for(rows, std::max<int64_t>(1, 16384 / d_), [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) {
        const float* const from = part.data() + row * d_;
        float* const to = sums + row * d_;
        if (block.begin == 0) {
          std::copy_n(from, d_, to);
        } else {
          for (int64_t c = 0; c < d_; ++c) to[c] += from[c];
        }
      }
    });
  }
}

}  // namespace mobilediffusion::kernels
