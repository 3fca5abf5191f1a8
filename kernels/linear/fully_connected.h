// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// XNNPACK's product of rows by a packed matrix, in every precision, some output channels at a time
// (packing/column_blocks.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/linear/linear_spec.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/magnified_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class FullyConnected {
 public:
  // Packs as Linear says.
  FullyConnected(const std::string& name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
                 const Packing& packing, Status& status);

  // From x, in its precision's format (int8: one quantization a row), into y, as part of the operator call `name` that
  // has begun. Failures are the context's.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const;

  // Bytes of packed weights that it holds itself. Those in a store are the store's.
  int64_t packed_bytes() const { return packed_bytes_of(blocks_); }

 private:
  std::vector<BlockOperator> blocks_;
  Magnification magnification_;
};

}  // namespace mobilediffusion::kernels
