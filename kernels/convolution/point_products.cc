// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/point_products.h"

#include "kernels/xnnpack/xnnpack_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

class ByPanels final : public PointProducts {
 public:
  ByPanels(const std::string& name, const Matrices& matrices, const std::vector<float>& weight, const Packing& packing,
           Status& status)
      : matrices_(matrices), product_(name, matrices, weight, /*bias=*/{}, packing, status) {}

  void run(Context& context, std::string_view /*name*/, int64_t tiles, const float* from, float* to) const override {
    product_.run(context, tiles, {from, Format::kFloat32}, matrices_.count * matrices_.in, {to, Format::kFloat32},
                 matrices_.count * matrices_.out);
  }

  int64_t packed_bytes() const override { return product_.packed_bytes(); }

 private:
  Matrices matrices_;
  PanelProduct product_;
};

// A 1x1 convolution of tiles, a group for each of their points.
class ByGroups final : public PointProducts {
 public:
  ByGroups(const std::string& name, const Matrices& matrices, const std::vector<float>& weight, const Packing& packing,
           Status& status)
      : op_(create_xnnpack_operator(
            name, packing.provider(name), status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
              const auto points = static_cast<size_t>(matrices.count);
              const auto in = static_cast<size_t>(matrices.in), out = static_cast<size_t>(matrices.out);
              return call_create(xnn_create_convolution2d_nhwc_f32, cache, op,
                                 /*input_padding_top=*/0, 0, 0, 0, /*kernel_height=*/1, 1, /*subsampling_height=*/1, 1,
                                 /*dilation_height=*/1, 1, static_cast<uint32_t>(points), in, out, points * in,
                                 points * out, weight.data(), /*bias=*/nullptr, -kInfinity, kInfinity, /*flags=*/0);
            })) {}

  void run(Context& context, std::string_view name, int64_t tiles, const float* from, float* to) const override {
    size_t bytes = 0;
    xnn_status status = call_reshape_convolution(xnn_reshape_convolution2d_nhwc_f32, op_.get(), 1, 1,
                                                 static_cast<size_t>(tiles), &bytes, context.threads().get());
    if (status == xnn_status_success) {
      status = xnn_setup_convolution2d_nhwc_f32(op_.get(), /*workspace=*/nullptr, from, to);
    }
    run_xnnpack(context, op_, status, name);
  }

  int64_t packed_bytes() const override { return op_.bytes(); }

 private:
  XnnpackOperator op_;
};

}  // namespace

Kernel::Products point_products(Precision precision) {
  return PanelProduct::suits_processor(precision) ? Kernel::Products::kPanels : Kernel::Products::kXnnpack;
}

std::unique_ptr<const PointProducts> make_point_products(const std::string& name, const Matrices& matrices,
                                                         const std::vector<float>& weight, const Packing& packing,
                                                         Status& status) {
  if (point_products(packing.precision) == Kernel::Products::kPanels)
    return std::make_unique<ByPanels>(name, matrices, weight, packing, status);
  return std::make_unique<ByGroups>(name, matrices, weight, packing, status);
}

}  // namespace mobilediffusion::kernels
