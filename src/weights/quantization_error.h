// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace mobilediffusion {

// What fewer bits did to a tensor.
struct QuantizationError {
  std::string tensor;
  int64_t values = 0;
  double energy = 0;   // sum of the squares of its values
  double squared = 0;  // and of the errors

  // Signal to noise; infinite where nothing was lost.
  double decibels() const {
    return squared > 0 ? 10 * std::log10(energy / squared) : std::numeric_limits<double>::infinity();
  }

  void add(double value, double became) {
    energy += value * value;
    squared += (value - became) * (value - became);
  }
};

}  // namespace mobilediffusion
