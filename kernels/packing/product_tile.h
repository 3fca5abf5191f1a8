// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which of XNNPACK's products this processor takes. XNNPACK does not tell; what weights pack to shows the shape of its
// tiles, and that, with what the processor has, the instructions.
#pragma once

#include <string_view>

#include "kernels/runtime/precision.h"

namespace mobilediffusion::kernels {

// Columns of the matrix that a tile has, and how many of its rows it takes at once; zeros where XNNPACK has no such
// product here.
struct ProductTile {
  int columns = 0, depth = 0;

  bool operator==(const ProductTile&) const = default;
};

struct ProductKernel {
  ProductTile tile;
  std::string_view instructions;  // "i8mm"; empty where such tiles are not known
  std::string_view better;        // what the processor has, and XNNPACK does not take; empty where there is nothing
};

// Of products in a precision, whose answers come in `result`: of int8 float32 or float16, of others the same. Found out
// by packing; some hundred small weights.
ProductKernel product_kernel(Precision precision, Precision result);

// What such a tile is, on a processor that has what `has` says: of the lines of a table for each kind of processor.
ProductKernel name_of_tile(Precision precision, const ProductTile& tile, bool (*has)(std::string_view instructions));

}  // namespace mobilediffusion::kernels
