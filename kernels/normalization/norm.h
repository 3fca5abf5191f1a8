// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Group normalisation (Wu and He, 2018) and layer normalisation (Ba et al., 2016): y = (x - mean) / sqrt(var + eps) * w
// + b.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// What a normalisation applies to its result in the same pass over memory.
enum class Fused { kNone, kSilu };

// Mean and variance over the pixels and the channels of each group, of each picture. A statistic that is not finite is
// latched as kNonFinite with the operator's name: every activation of a network passes through one soon.
class GroupNorm {
 public:
  // `weight` and `bias` have `channels` values, `groups` divides them. The first failure is put into `status`.
  GroupNorm(std::string name, int channels, int groups, float epsilon, const WeightView& weight, const WeightView& bias,
            Status& status);

  // In the format that its reader wants. To kInt8PerPicture the range is known before the values are made: that of each
  // channel's least and greatest value, whatever lies between.
  Tensor operator()(Context& context, const Tensor& x, Fused fused = Fused::kNone,
                    Format format = Format::kFloat32) const;

  // The same, where x is not needed afterwards: its memory becomes the result's, or goes back.
  Tensor operator()(Context& context, Tensor&& x, Fused fused = Fused::kNone, Format format = Format::kFloat32) const;

  // Either, where `spent` says it: null, or x itself.
  Tensor operator()(Context& context, const Tensor& x, Tensor* spent, Fused fused, Format format) const {
    return spent != nullptr ? (*this)(context, std::move(*spent), fused, format) : (*this)(context, x, fused, format);
  }

  // Of each channel of a picture: what becomes of it, and the least and greatest x.
  struct Statistics {
    std::vector<float> mean, scale, least, greatest;
  };

  // The two passes by themselves, over one picture, for whoever wants it a band at a time: what is to be known of the
  // whole of x; and as many of its rows as y has, from `row` on, into y, which is not kInt8PerRow.
  Statistics measure(Context& context, const Tensor& x) const;
  void apply(Context& context, const Statistics& statistics, const Tensor& x, int64_t row, Fused fused,
             Tensor& y) const;

 private:
  struct Rows;
  void run(Context& context, const Tensor& x, Fused fused, Tensor& y) const;
  Statistics measure(Context& context, Reading x, const Shape& shape) const;
  Quantization quantization(const Statistics& statistics, Fused fused) const;
  void write(Context& context, const Statistics& statistics, const Rows& rows, Fused fused, Tensor& y) const;

  std::string name_;
  int groups_;
  float epsilon_;
  std::vector<float> weight_, bias_;
};

// Mean and variance over the last axis.
class LayerNorm {
 public:
  LayerNorm(std::string name, int width, float epsilon, const WeightView& weight, const WeightView& bias,
            Status& status);

  // In the format that its reader wants.
  Tensor operator()(Context& context, const Tensor& x, Format format = Format::kFloat32) const;

 private:
  std::string name_;
  float epsilon_;
  std::vector<float> weight_, bias_;
};

// What both say of a value that no statistics can be made of.
Status not_finite(const std::string& name);

}  // namespace mobilediffusion::kernels
