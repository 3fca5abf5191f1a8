// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/banded_convolution.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/elementwise.h"

namespace mobilediffusion::kernels {
namespace {

// Calls take(row, rows, answer, first) for band after band: rows [first, first + rows) of `answer` are those of
// conv(norm(x)) from `row` on.
template <typename Take>
void for_each_band(Context& context, const GroupNorm& norm, Fused fused, const Conv2d& conv, const Tensor& x,
                   const Bands& bands, Take&& take) {
  const Shape& whole = x.shape();
  const GroupNorm::Statistics statistics = norm.measure(context, x);
  for (int64_t row = 0; row < whole.h && context.ok(); row += bands.rows) {
    const int64_t rows = std::min(bands.rows, whole.h - row);
    const int64_t begin = std::max<int64_t>(row - 1, 0), end = std::min(row + rows + 1, whole.h);
    Tensor band = context.make({1, end - begin, whole.w, whole.c}, conv.input_format());
    norm.apply(context, statistics, x, begin, fused, band);
    take(row, rows, conv.on_band(context, band, rows), row - begin);
  }
}

}  // namespace

bool goes_in_bands(const Shape& x, const Bands& bands) {
  return x.n == 1 && x.h > bands.rows && x.elements() * static_cast<int64_t>(sizeof(float)) >= bands.least_bytes;
}

Tensor convolve_normalized(Context& context, const GroupNorm& norm, Fused fused, const Conv2d& conv, const Tensor& x,
                           Tensor* spent, const Bands& bands) {
  if (!goes_in_bands(x.shape(), bands)) return conv(context, norm(context, x, spent, fused, conv.input_format()));
  Tensor y = context.make(conv.spec().out_shape(x.shape()), output_format(conv.input_format()));
  for_each_band(context, norm, fused, conv, x, bands,
                [&](int64_t row, int64_t rows, const Tensor& answer, int64_t first) {
                  copy_rows(context, conv.name(), y, row, answer, first, rows);
                });
  if (spent != nullptr) spent->reset();
  return y;
}

void add_convolved_normalized(Context& context, std::string_view name, const GroupNorm& norm, Fused fused,
                              const Conv2d& conv, Tensor&& x, Tensor& sum, const Bands& bands) {
  Tensor given = std::move(x);
  if (!goes_in_bands(given.shape(), bands)) {
    add(context, name, sum, conv(context, norm(context, given, &given, fused, conv.input_format())));
    return;
  }
  for_each_band(context, norm, fused, conv, given, bands,
                [&](int64_t row, int64_t rows, const Tensor& answer, int64_t first) {
                  add_rows(context, name, sum, row, answer, first, rows);
                });
}

Tensor convolve_in_place(Context& context, const Conv2d& pointwise, Tensor&& x, const Bands& bands) {
  Tensor given = std::move(x);
  const Shape whole = given.shape(), answer = pointwise.spec().out_shape(whole);
  const bool fits = answer.c <= whole.c && output_format(pointwise.input_format()) == given.format();
  if (!fits || !goes_in_bands(whole, bands)) return pointwise(context, given);
  for (int64_t row = 0; row < whole.h && context.ok(); row += bands.rows) {
    const int64_t rows = std::min(bands.rows, whole.h - row);
    Tensor band = context.make({1, rows, whole.w, whole.c}, given.format());
    copy_rows(context, pointwise.name(), band, 0, given, row, rows);
    const Tensor made = pointwise(context, band);
    if (!context.computes()) continue;
    // Never past the rows that were read.
    const int64_t size = answer.w * answer.c;
    context.threads().parallel_for(rows, 1, [&](int64_t begin, int64_t end) {
      std::memcpy(given.at((row + begin) * size).data, made.at(begin * size).data,
                  static_cast<size_t>((end - begin) * size) * size_of(made.format()));
    });
  }
  return std::move(given).cut_to(answer);
}

}  // namespace mobilediffusion::kernels
