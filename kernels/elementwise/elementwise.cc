// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/elementwise/elementwise.h"

#include <algorithm>
#include <atomic>

#include "kernels/elementwise/quantize.h"
#include "kernels/runtime/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/elementwise.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/quantize_simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Abramowitz and Stegun 7.1.26, for x >= 0: |error| <= 1.5e-7.
HWY_INLINE Floats erf_of_positive(Floats x) {
  const FloatTag d;
  const auto constant = [&](float v) { return hn::Set(d, v); };
  const Floats t = hn::Div(constant(1.0f), hn::MulAdd(constant(0.3275911f), x, constant(1.0f)));
  Floats p = hn::MulAdd(constant(1.061405429f), t, constant(-1.453152027f));
  p = hn::MulAdd(p, t, constant(1.421413741f));
  p = hn::MulAdd(p, t, constant(-0.284496736f));
  p = hn::MulAdd(p, t, constant(0.254829592f));
  return hn::NegMulAdd(hn::Mul(p, t), hn::Exp(d, hn::Neg(hn::Mul(x, x))), constant(1.0f));
}

HWY_INLINE Floats gelu(Floats x) {
  const FloatTag d;
  const Floats erf = hn::CopySign(erf_of_positive(hn::Mul(hn::Abs(x), hn::Set(d, 0.70710678f))), x);
  return hn::Mul(hn::Mul(x, hn::Set(d, 0.5f)), hn::Add(hn::Set(d, 1.0f), erf));
}

void activate_values(Activation activation, Writing values, size_t size) {
  const auto each = [&](auto&& function) {
    with_type(values, [&](auto* x) {
      for_each_vector(size, [&](size_t i, size_t count) { store(function(load(x + i, count)), count, x + i); });
    });
  };
  switch (activation) {
    case Activation::kSilu:
      return each([](Floats v) { return silu(v); });
    case Activation::kQuickGelu:
      return each([](Floats v) { return sigmoid_weighted(v, hn::Set(FloatTag(), 1.702f)); });
    case Activation::kGelu:
      return each([](Floats v) { return gelu(v); });
    case Activation::kRelu:
      return each([](Floats v) { return at_least(v, hn::Zero(FloatTag())); });
    case Activation::kTanh:
      return each([](Floats v) { return hn::Tanh(FloatTag(), v); });
  }
}

void add_values(Writing to, Reading from, size_t size) {
  with_type(to, [&](auto* x) {
    with_type(from, [&](const auto* y) {
      for_each_vector(size, [&](size_t i, size_t count) {
        prefetch(x + i);
        prefetch(y + i);
        store(hn::Add(load(x + i, count), load(y + i, count)), count, x + i);
      });
    });
  });
}

void multiply_values(float factor, Writing values, size_t size) {
  const Floats by = hn::Set(FloatTag(), factor);
  with_type(values, [&](auto* x) {
    for_each_vector(size, [&](size_t i, size_t count) {
      prefetch(x + i);
      store(hn::Mul(load(x + i, count), by), count, x + i);
    });
  });
}

void copy_values(Reading from, size_t size, Writing to) { convert_values(from, size, to); }

template <typename Gate>
HWY_INLINE void gate_row_by(Gate&& gate, Reading from, size_t width, Writing to) {
  with_type(from, [&](const auto* row) {
    with_type(to, [&](auto* y) {
      for_each_vector(width, [&](size_t i, size_t count) {
        store(hn::Mul(load(row + i, count), gate(load(row + width + i, count))), count, y + i);
      });
    });
  });
}

void gate_row(Activation activation, Reading row, size_t width, Writing to) {
  if (activation == Activation::kGelu) return gate_row_by([](Floats v) { return gelu(v); }, row, width, to);
  if (to.format == Format::kFloat16) return gate_row_by([](Floats v) { return approximate_silu(v); }, row, width, to);
  gate_row_by([](Floats v) { return silu(v); }, row, width, to);
}

// To 8 bits, by way of `gated`, which has room for one row.
void gate_and_quantize_row(Activation activation, Reading row, size_t width, float* gated, Quantization* quantization,
                           int8_t* to) {
  const Writing by{gated, Format::kFloat32};
  if (activation == Activation::kGelu) {
    gate_row_by([](Floats v) { return gelu(v); }, row, width, by);
  } else {
    gate_row_by([](Floats v) { return approximate_silu(v); }, row, width, by);
  }
  *quantization = quantize_row(gated, width, to);
}

// x - x is zero for every finite value and NaN for the others.
bool are_finite(const float* x, size_t size) {
  const FloatTag d;
  Floats sum = hn::Zero(d);
  for_each_vector(size, [&](size_t i, size_t count) {
    const Floats v = load(x + i, count);
    sum = hn::Add(sum, hn::Sub(v, v));
  });
  return hn::AllTrue(d, hn::Eq(sum, hn::Zero(d)));
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(activate_values);
HWY_EXPORT(add_values);
HWY_EXPORT(copy_values);
HWY_EXPORT(multiply_values);
HWY_EXPORT(gate_row);
HWY_EXPORT(gate_and_quantize_row);
HWY_EXPORT(are_finite);

constexpr int64_t kPiece = 16384;  // values: enough to be worth a thread's while, a multiple of every vector's length

// Calls each(to, from, size) for pieces of `rows` rows of y from `first` on, and of x from `at` on.
template <typename Each>
void for_pieces_of_rows(Context& context, Tensor& x, int64_t at, const Tensor& y, int64_t first, int64_t rows,
                        Each&& each) {
  const int64_t row = x.shape().w * x.shape().c;
  context.threads().parallel_for(rows * row, kPiece, [&](int64_t begin, int64_t end) {
    each(x.at(at * row + begin), y.at(first * row + begin), static_cast<size_t>(end - begin));
  });
}

}  // namespace

void activate(Context& context, std::string_view name, Activation activation, Tensor& x) {
  const auto call = context.begin(name, "activation");
  if (!call) return;
  context.threads().parallel_for(x.shape().elements(), kPiece, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(activate_values)(activation, x.at(begin), static_cast<size_t>(end - begin));
  });
}

void add(Context& context, std::string_view name, Tensor& x, const Tensor& y) {
  const auto call = context.begin(name, "add");
  if (!call) return;
  context.threads().parallel_for(x.shape().elements(), kPiece, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_values)(x.at(begin), y.at(begin), static_cast<size_t>(end - begin));
  });
}

void copy_rows(Context& context, std::string_view name, Tensor& x, int64_t at, const Tensor& y, int64_t first,
               int64_t rows) {
  const auto call = context.begin(name, "copy");
  if (!call) return;
  for_pieces_of_rows(context, x, at, y, first, rows, [](Writing to, Reading from, size_t size) {
    HWY_DYNAMIC_DISPATCH(copy_values)(from, size, to);
  });
}

void add_rows(Context& context, std::string_view name, Tensor& x, int64_t at, const Tensor& y, int64_t first,
              int64_t rows) {
  const auto call = context.begin(name, "add");
  if (!call) return;
  for_pieces_of_rows(context, x, at, y, first, rows, [](Writing to, Reading from, size_t size) {
    HWY_DYNAMIC_DISPATCH(add_values)(to, from, size);
  });
}

void add_to_pixels(Context& context, std::string_view name, Tensor& x, const Tensor& v) {
  const auto call = context.begin(name, "add");
  if (!call) return;
  const int64_t c = x.shape().c, pixels = x.shape().pixels();
  context.threads().parallel_for(x.shape().rows(), rows_per_piece(c), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      HWY_DYNAMIC_DISPATCH(add_values)(x.at(row * c), v.at(row / pixels * c), static_cast<size_t>(c));
    }
  });
}

Tensor gated(Context& context, std::string_view name, Activation activation, const Tensor& x, Format format) {
  Shape shape = x.shape();
  shape.c /= 2;
  if (format == Format::kInt8PerPicture) return convert(context, name, gated(context, name, activation, x), format);
  Tensor y = context.make(shape, format);
  RowBuffers buffers(context, format, shape);
  const auto call = context.begin(name, activation == Activation::kGelu ? "gated_gelu" : "gated_silu");
  if (!call) return y;
  const int64_t piece = rows_per_piece(shape.c);
  context.threads().parallel_for(shape.rows(), piece, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const Reading from = x.at(row * 2 * shape.c);
      const auto width = static_cast<size_t>(shape.c);
      if (!is_quantized(format)) {
        HWY_DYNAMIC_DISPATCH(gate_row)(activation, from, width, y.at(row * shape.c));
      } else {
        HWY_DYNAMIC_DISPATCH(gate_and_quantize_row)
        (activation, from, width, buffers.of(begin / piece), y.quantization() + row, y.quantized() + row * shape.c);
      }
    }
  });
  if (is_quantized(format)) y.repeat_last_quantization();
  return y;
}

void multiply(Context& context, Tensor& x, float factor) {
  if (factor == 1 || !context.ok()) return;
  context.threads().parallel_for(x.shape().elements(), kPiece, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(multiply_values)(factor, x.at(begin), static_cast<size_t>(end - begin));
  });
}

Tensor concatenate(Context& context, std::string_view name, const Tensor& x, const Tensor& y) {
  const int64_t left = x.shape().c, right = y.shape().c;
  Shape shape = x.shape();
  shape.c = left + right;
  Tensor both = context.make(shape, x.format());
  const auto call = context.begin(name, "concatenate");
  if (!call) return both;
  context.threads().parallel_for(shape.rows(), rows_per_piece(shape.c), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const Writing to = both.at(row * shape.c);
      HWY_DYNAMIC_DISPATCH(copy_values)(x.at(row * left), static_cast<size_t>(left), to);
      HWY_DYNAMIC_DISPATCH(copy_values)(y.at(row * right), static_cast<size_t>(right), to + left);
    }
  });
  return both;
}

bool all_finite(Context& context, const Tensor& x) {
  if (!context.computes()) return true;
  std::atomic<bool> finite = true;
  context.threads().parallel_for(x.shape().elements(), kPiece, [&](int64_t begin, int64_t end) {
    if (!HWY_DYNAMIC_DISPATCH(are_finite)(x.data() + begin, static_cast<size_t>(end - begin))) finite = false;
  });
  return finite;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
