// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/reference/reference.h"

#include <Eigen/Core>
#include <cmath>

namespace mobilediffusion::kernels::reference {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Rows of channels: (n * h * w, c).
Eigen::Map<const Matrix> rows_of(const Array& x) { return {x.values.data(), x.shape.rows(), x.shape.c}; }
Eigen::Map<Matrix> rows_of(Array& x) { return {x.values.data(), x.shape.rows(), x.shape.c}; }
Eigen::Map<const Eigen::RowVectorXd> row(const Values& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

double silu(double x) { return x / (1 + std::exp(-x)); }

}  // namespace

Array conv2d(const Array& x, const Conv2dSpec& spec, const Values& weight, const Values& bias) {
  if (spec.upsample_2x) {
    Conv2dSpec plain = spec;
    plain.upsample_2x = false;
    return conv2d(upsample_2x(x), plain, weight, bias);
  }
  Array y(spec.out_shape(x.shape));
  const int inputs = spec.depthwise ? 1 : spec.in_channels, kernel = spec.kernel;
  for (int64_t n = 0; n < y.shape.n; ++n) {
    for (int64_t i = 0; i < y.shape.h; ++i) {
      for (int64_t j = 0; j < y.shape.w; ++j) {
        for (int out = 0; out < spec.out_channels; ++out) {
          double sum = bias[static_cast<size_t>(out)];
          for (int in = 0; in < inputs; ++in) {
            for (int a = 0; a < kernel; ++a) {
              for (int b = 0; b < kernel; ++b) {
                const int64_t from_y = i * spec.stride + a - spec.padding_before(),
                              from_x = j * spec.stride + b - spec.padding_before();
                if (from_y < 0 || from_y >= x.shape.h || from_x < 0 || from_x >= x.shape.w) continue;
                sum += weight[static_cast<size_t>(((out * inputs + in) * kernel + a) * kernel + b)] *
                       x.at(n, from_y, from_x, spec.depthwise ? out : in);
              }
            }
          }
          y.at(n, i, j, out) = sum;
        }
      }
    }
  }
  return y;
}

Array linear(const Array& x, const LinearSpec& spec, const Values& weight, const Values& bias) {
  Array y({x.shape.n, x.shape.h, x.shape.w, spec.out});
  rows_of(y) = rows_of(x) * Eigen::Map<const Matrix>(weight.data(), spec.out, spec.in).transpose();
  if (spec.bias) rows_of(y).rowwise() += row(bias);
  return y;
}

Array group_norm(const Array& x, int groups, double epsilon, const Values& weight, const Values& bias, Fused fused) {
  Array y(x.shape);
  const int64_t pixels = x.shape.pixels(), width = x.shape.c / groups;
  for (int64_t n = 0; n < x.shape.n; ++n) {
    for (int g = 0; g < groups; ++g) {
      const auto block = rows_of(x).block(n * pixels, g * width, pixels, width);
      const double mean = block.mean();
      const double deviation = std::sqrt((block.array() - mean).square().mean() + epsilon);
      rows_of(y).block(n * pixels, g * width, pixels, width) = (block.array() - mean) / deviation;
    }
  }
  rows_of(y).array().rowwise() *= row(weight).array();
  rows_of(y).rowwise() += row(bias);
  if (fused == Fused::kSilu) rows_of(y) = rows_of(y).unaryExpr(&silu).eval();
  return y;
}

Array layer_norm(const Array& x, double epsilon, const Values& weight, const Values& bias) {
  Array y(x.shape);
  for (int64_t i = 0; i < x.shape.rows(); ++i) {
    const Eigen::RowVectorXd centred = rows_of(x).row(i).array() - rows_of(x).row(i).mean();
    const double deviation = std::sqrt(centred.array().square().mean() + epsilon);
    rows_of(y).row(i) = (centred / deviation).cwiseProduct(row(weight)) + row(bias);
  }
  return y;
}

Array attention(const Array& queries, const Array& keys, const Array& values, const AttentionSpec& spec) {
  Array y(queries.shape);
  const int64_t tokens = queries.shape.pixels(), count = keys.shape.pixels(), d = queries.shape.c / spec.heads;
  for (int64_t n = 0; n < queries.shape.n; ++n) {
    for (int head = 0; head < spec.heads; ++head) {
      const Matrix q = rows_of(queries).block(n * tokens, head * d, tokens, d);
      const Matrix k = rows_of(keys).block(n * count, head * d, count, d);
      const Matrix v = rows_of(values).block(n * count, head * d, count, d);
      Matrix weights = q * k.transpose() / std::sqrt(static_cast<double>(d));
      for (int64_t i = 0; i < tokens; ++i) {
        const int64_t visible = spec.causal ? std::min(count, i + 1) : count;
        auto seen = weights.row(i).head(visible);
        if (spec.weights == AttentionWeights::kSoftmax) {
          seen = (seen.array() - seen.maxCoeff()).exp().matrix().eval();
          seen /= seen.sum();
        } else {
          seen = (seen.cwiseMax(0.0) / static_cast<double>(count)).eval();
        }
        weights.row(i).tail(count - visible).setZero();
      }
      rows_of(y).block(n * tokens, head * d, tokens, d) = weights * v;
    }
  }
  return y;
}

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::kSilu:
      return silu(x);
    case Activation::kQuickGelu:
      return x / (1 + std::exp(-1.702 * x));
    case Activation::kGelu:
      return x * std::erfc(-x / std::sqrt(2.0)) / 2;
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kTanh:
      return std::tanh(x);
  }
  return 0;
}

Array gated(Activation activation, const Array& x) {
  Array y({x.shape.n, x.shape.h, x.shape.w, x.shape.c / 2});
  rows_of(y) = rows_of(x).leftCols(y.shape.c).cwiseProduct(
      rows_of(x).rightCols(y.shape.c).unaryExpr([&](double v) { return activate(activation, v); }));
  return y;
}

Array concatenate(const Array& x, const Array& y) {
  Array both({x.shape.n, x.shape.h, x.shape.w, x.shape.c + y.shape.c});
  rows_of(both) << rows_of(x), rows_of(y);
  return both;
}

Array upsample_2x(const Array& x) {
  Array y({x.shape.n, 2 * x.shape.h, 2 * x.shape.w, x.shape.c});
  for (int64_t n = 0; n < y.shape.n; ++n) {
    for (int64_t i = 0; i < y.shape.h; ++i) {
      for (int64_t j = 0; j < y.shape.w; ++j) {
        for (int64_t c = 0; c < y.shape.c; ++c) y.at(n, i, j, c) = x.at(n, i / 2, j / 2, c);
      }
    }
  }
  return y;
}

Values low_rank_sum(const Values& weight, const Values& up, const Values& down, int64_t rank, double scale) {
  const auto rows = static_cast<Eigen::Index>(up.size()) / rank,
             columns = static_cast<Eigen::Index>(down.size()) / rank;
  Values sum = weight;
  Eigen::Map<Matrix>(sum.data(), rows, columns) +=
      scale * Eigen::Map<const Matrix>(up.data(), rows, rank) * Eigen::Map<const Matrix>(down.data(), rank, columns);
  return sum;
}

}  // namespace mobilediffusion::kernels::reference
