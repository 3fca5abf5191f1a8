// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

namespace mobilediffusion::kernels {

enum class AttentionWeights {
  kSoftmax,
  kRelu,  // relu(score) / (number of keys), of MobileDiffusion's section 3.2: cheaper, and no exponentials
};

struct AttentionSpec {
  int heads = 1;  // divides the width
  AttentionWeights weights = AttentionWeights::kSoftmax;
  bool causal = false;  // a token attends to itself and to those before it
};

}  // namespace mobilediffusion::kernels
