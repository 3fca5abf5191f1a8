// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Two-dimensional convolution, plain, depthwise or behind an upsampling, over (n, h, w, c), zero-padded.
#pragma once

#include <memory>
#include <string>

#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

struct Conv2dSpec {
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 3;  // square
  int stride = 1;
  bool pad_before = true;    // false, of stride 2: zeros on the right and below alone
  bool depthwise = false;    // one group a channel; in_channels == out_channels
  bool upsample_2x = false;  // every pixel four times (nearest neighbour) first; of a 3x3 with stride 1

  int padding() const { return kernel / 2; }
  int padding_before() const { return pad_before ? padding() : 0; }
  int64_t out_extent(int64_t in) const {
    return upsample_2x ? 2 * in : (in + padding_before() + padding() - kernel) / stride + 1;
  }
  Shape out_shape(const Shape& in) const { return {in.n, out_extent(in.h), out_extent(in.w), out_channels}; }

  // By the definition; behind an upsampling fewer are run.
  int64_t macs(const Shape& in) const {
    return out_shape(in).elements() * kernel * kernel * (depthwise ? 1 : in_channels);
  }
};

class Conv2d {
 public:
  // Packs `weight` (out, in or 1 if depthwise, kernel, kernel) and `bias` (out), neither of which is needed afterwards,
  // nor read where packing.store holds what they pack to. Where they have no data the operator only counts. The first
  // failure is put into `status`. A depthwise convolution, and one of single pixels to few channels, is run in
  // dequantized_precision() where int8 is asked for: it is bound by memory.
  Conv2d(std::string name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
         const Packing& packing, Status& status);
  Conv2d(Conv2d&&) noexcept;
  Conv2d& operator=(Conv2d&&) noexcept;
  ~Conv2d();

  // What it reads without converting first.
  Format input_format() const { return input_format_; }

  const Conv2dSpec& spec() const { return spec_; }
  const std::string& name() const { return name_; }

  Tensor operator()(Context& context, const Tensor& x) const;

  // The same of a band of a picture's rows, in input_format(), into y. Only `rows` of its rows are wanted and counted.
  void on_band(Context& context, const Tensor& band, int64_t rows, Tensor& y) const;

 private:
  struct Packed;
  void run(Context& context, const Tensor& x, int64_t macs, Tensor& y) const;

  std::string name_;
  Conv2dSpec spec_;
  Format input_format_;
  bool quantizes_itself_;  // any input that is not quantised yet
  std::unique_ptr<Packed> packed_;
};

}  // namespace mobilediffusion::kernels
