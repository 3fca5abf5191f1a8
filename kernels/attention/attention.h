// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Attention (Vaswani et al., 2017): each query's mean of the values, weighted by how well the keys answer it.
#pragma once

#include <string>

#include "kernels/runtime/context.h"

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

class Attention {
 public:
  // Where int8 is asked for, the products of a long softmax attention are int8's; all others are float32's in every
  // precision.
  Attention(std::string name, const AttentionSpec& spec, Precision precision);

  // Queries (n, h, w, c), keys and values (n, any, any, c); scores are scaled by 1 / sqrt(c / heads). Keys and values
  // may be the same tensor. Each is float32 or float16, and the result what the queries are. The scores are never held
  // whole: queries are taken some rows at a time.
  Tensor operator()(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values) const;

 private:
  void attend_in_int8(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values,
                      Tensor& y) const;

  std::string name_;
  AttentionSpec spec_;
  Precision precision_;
};

}  // namespace mobilediffusion::kernels
