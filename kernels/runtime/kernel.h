// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What computes an operator, as its table chose it for this processor.
#pragma once

#include <compare>
#include <string_view>

#include "kernels/runtime/precision.h"

namespace mobilediffusion::kernels {

struct Kernel {
  enum class Products {
    kNone,     // loops of ours on vectors, without products of matrices
    kLoops,    // loops of ours, products and all
    kPanels,   // product/panel_product.h
    kBytes,    // product/byte_product.h
    kTiles,    // product/bfloat16_product.h
    kXnnpack,  // XNNPACK's
  };

  std::string_view way;  // how, where an operator has several ways: "winograd"
  Products products = Products::kNone;
  Precision precision = Precision::kFloat32;  // of the weights; XNNPACK multiplies in it as well
  Precision result = Precision::kFloat32;     // what XNNPACK's products come in

  auto operator<=>(const Kernel&) const = default;
};

}  // namespace mobilediffusion::kernels
