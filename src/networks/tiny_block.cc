// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/tiny_block.h"

#include "kernels/elementwise/elementwise.h"

namespace mobilediffusion {

using kernels::Activation;
using kernels::Context;
using kernels::Tensor;

TinyBlock::TinyBlock(const Scope& at, int width) : name_(at.name()) {
  for (const int k : {0, 2, 4})
    convolutions_.push_back(bind_conv2d(at / "conv" / k, {.in_channels = width, .out_channels = width}));
}

void TinyBlock::operator()(Context& context, Tensor& x) const {
  Tensor h = convolutions_[0](context, x);
  kernels::activate(context, name_, Activation::kRelu, h);
  h = convolutions_[1](context, h);
  kernels::activate(context, name_, Activation::kRelu, h);
  h = convolutions_[2](context, h);
  kernels::add(context, name_, x, h);
  kernels::activate(context, name_, Activation::kRelu, x);
}

}  // namespace mobilediffusion
