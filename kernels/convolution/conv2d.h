// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Two-dimensional convolution, plain, depthwise or behind an upsampling, over (n, h, w, c), zero-padded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class ConvolutionAlgorithm;

class Conv2d {
 public:
  // Packs `weight` (out, in or 1 if depthwise, kernel, kernel) and `bias` (out), neither of which is needed afterwards,
  // nor read where packing.store holds what they pack to. Where they have no data the operator only counts. The first
  // failure is put into `status`. What it is computed by, and whether in the precision that is asked for, is the
  // table's choice in conv2d.cc.
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

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const;

 private:
  void run(Context& context, const Tensor& x, int64_t macs, Tensor& y) const;

  std::string name_;
  Conv2dSpec spec_;
  Format input_format_;
  bool reads_any_float_;   // float32 as well as float16
  std::string_view kind_;  // as a trace has it
  Kernel kernel_;          // what computes it
  std::unique_ptr<const ConvolutionAlgorithm> algorithm_;
};

}  // namespace mobilediffusion::kernels
