// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Half precision ends at 2^-14 with all its digits and at 2^-24 without, and where XNNPACK computes on Arm, what is
// below the first is zero. An operator whose weights are so small that its sums come near is given them times a power
// of two, and its results are divided by that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

class Magnification {
 public:
  Magnification() = default;
  Magnification(const std::string& name, const Packing& packing);

  // Whether it is known already, from packing.store: of packed weights magnify() need not be called.
  bool held() const { return held_; }

  // Of an operator with `outputs` outputs, (outputs, ...) weights and a bias for each, if any: multiplies them by the
  // power of two that makes its results as large as its inputs, where they would be less than an eighth of them. Keeps
  // the power in packing.store. In half precision alone, which sees nothing of it but roundings.
  void magnify(int64_t outputs, std::vector<float>& weight, std::vector<float>& bias, Status& status);

  // What the operator's results are to be multiplied with.
  float remedy() const;

 private:
  std::string name_;
  PackedWeights* store_ = nullptr;
  bool needed_ = false, held_ = true;
  int exponent_ = 0;
};

}  // namespace mobilediffusion::kernels
