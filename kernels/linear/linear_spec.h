// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

namespace mobilediffusion::kernels {

// y = x W^T + b: W is (out, in), b is (out).
struct LinearSpec {
  int in = 0;
  int out = 0;
  bool bias = true;
};

}  // namespace mobilediffusion::kernels
