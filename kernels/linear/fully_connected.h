// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// XNNPACK's product of rows by a packed matrix, in every precision, some output channels at a time
// (packing/column_blocks.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/linear/linear_algorithm.h"
#include "kernels/linear/linear_spec.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/magnified_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class FullyConnected final : public LinearAlgorithm {
 public:
  FullyConnected(const std::string& name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
                 const Packing& packing, Status& status);

  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override { return packed_bytes_of(blocks_); }

 private:
  std::vector<BlockOperator> blocks_;
  Magnification magnification_;
};

}  // namespace mobilediffusion::kernels
