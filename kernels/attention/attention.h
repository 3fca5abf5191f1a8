// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Attention (Vaswani et al., 2017): each query's mean of the values, weighted by how well the keys answer it.
#pragma once

#include <string>

#include "kernels/attention/attention_spec.h"
#include "kernels/runtime/context.h"
#include "kernels/runtime/precision.h"

namespace mobilediffusion::kernels {

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
  std::string name_;
  AttentionSpec spec_;
  Precision precision_;
};

}  // namespace mobilediffusion::kernels
