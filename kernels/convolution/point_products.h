// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What Winograd's transforms stand around: at each of a tile's points, a product of the tiles' channels by a matrix of
// its own, in float32.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "kernels/product/panel_product.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class PointProducts {
 public:
  PointProducts() = default;
  virtual ~PointProducts() = default;
  PointProducts(const PointProducts&) = delete;
  PointProducts& operator=(const PointProducts&) = delete;

  // Of so many tiles: from (tiles, points, in) to (tiles, points, out), as part of the operator call `name` that has
  // begun. Failures are the context's.
  virtual void run(Context& context, std::string_view name, int64_t tiles, const float* from, float* to) const = 0;

  // Bytes of packed weights that it holds itself. Those in a store are the store's.
  virtual int64_t packed_bytes() const = 0;
};

// Whose products they are in a precision: our own or XNNPACK's, whichever suits the processor.
Kernel::Products point_products(Precision precision);

// By those. `weight` is (points, out, in); it is not read
// where packing.holds(name), nor needed afterwards.
std::unique_ptr<const PointProducts> make_point_products(const std::string& name, const Matrices& matrices,
                                                         const std::vector<float>& weight, const Packing& packing,
                                                         Status& status);

}  // namespace mobilediffusion::kernels
