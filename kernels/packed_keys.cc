// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packed_keys.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kBlockValues = 131072;  // 512 KB

class Float32Keys : public PackedKeys {
 public:
  Float32Keys(Context& context, std::string_view name, const KeysAndValues& of) : name_(name), d_(of.d) {
    Status status;
    const int64_t most = std::max<int64_t>(64, kBlockValues / d_);
    for (int64_t begin = 0; begin < of.count; begin += most) {
      const int64_t size = std::min(most, of.count - begin);
      blocks_.push_back({begin, create(of.keys + begin * d_, d_, d_, size, of.count, /*flags=*/0, status),
                         create(of.values + begin * d_, size, of.count, d_, d_, XNN_FLAG_TRANSPOSE_WEIGHTS, status)});
    }
    if (!status.ok()) context.fail(status);
  }

  void score(Context& context, const float* queries, int64_t rows, float* scores) const override {
    for (const Block& block : blocks_) multiply(context, block.keys, queries, rows, scores + block.begin);
  }

  void sum(Context& context, const float* weights, int64_t rows, float* sums) const override {
    Tensor part = context.make({1, 1, rows, d_});
    for (const Block& block : blocks_) {
      if (!context.ok()) return;
      multiply(context, block.values, weights + block.begin, rows, part.data());
      add_part(context, part.data(), rows, d_, block.begin == 0, sums);
    }
  }

 private:
  struct Block {
    int64_t begin;  // the first key
    XnnpackOperator keys, values;
  };

  XnnpackOperator create(const float* matrix, int64_t in, int64_t in_stride, int64_t out, int64_t out_stride,
                         uint32_t flags, Status& status) const {
    return create_xnnpack_operator(name_, Precision::kFloat32, status, [&](xnn_weights_cache_t, xnn_operator_t* op) {
      return xnn_create_fully_connected_nc_f32(static_cast<size_t>(in), static_cast<size_t>(out),
                                               static_cast<size_t>(in_stride), static_cast<size_t>(out_stride), matrix,
                                               /*bias=*/nullptr, -kInfinity, kInfinity, flags,
                                               /*code_cache=*/nullptr, /*weights_cache=*/nullptr, op);
    });
  }

  void multiply(Context& context, const XnnpackOperator& op, const float* from, int64_t rows, float* to) const {
    if (!context.ok()) return;
    xnn_status status =
        xnn_reshape_fully_connected_nc_f32(op.get(), static_cast<size_t>(rows), context.threads().get());
    if (status == xnn_status_success) status = xnn_setup_fully_connected_nc_f32(op.get(), from, to);
    run_xnnpack(context, op, status, name_);
  }

  std::string name_;
  int64_t d_;
  std::vector<Block> blocks_;
};

}  // namespace

std::unique_ptr<PackedKeys> pack_keys(Context& context, std::string_view name, const KeysAndValues& of) {
  return std::make_unique<Float32Keys>(context, name, of);
}

void add_part(Context& context, const float* part, int64_t rows, int64_t d, bool first, float* sums) {
  if (!context.ok()) return;
  context.threads().parallel_for(rows * d, 16384, [&](int64_t begin, int64_t end) {
    if (first) {
      std::copy(part + begin, part + end, sums + begin);
    } else {
      for (int64_t i = begin; i < end; ++i) sums[i] += part[i];
    }
  });
}

}  // namespace mobilediffusion::kernels
