// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/banded_convolution.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/elementwise/elementwise.h"
#include "kernels/packing/float16_support.h"

namespace mobilediffusion::kernels {
namespace {

// A band of a picture: rows [row, row + rows) of the answer are wanted, of which [begin, end) of x are read.
struct Band {
  int64_t row, rows, begin, end;

  int64_t read() const { return end - begin; }
  int64_t above() const { return row - begin; }
};

// Calls take(band, normed) for band after band, `normed` the rows of norm(x) that are read.
template <typename Take>
void for_each_band(Context& context, const GroupNorm& norm, Fused fused, Format format, const Tensor& x,
                   const Bands& bands, Take&& take) {
  const Shape& whole = x.shape();
  const GroupNorm::Statistics statistics = norm.measure(context, x);
  for (int64_t row = 0; row < whole.h && context.ok(); row += bands.rows) {
    const int64_t rows = std::min(bands.rows, whole.h - row);
    const Band band{row, rows, std::max<int64_t>(row - 1, 0), std::min(row + rows + 1, whole.h)};
    Tensor normed = context.make({1, band.read(), whole.w, whole.c}, format);
    norm.apply(context, statistics, x, band.begin, fused, normed);
    take(band, normed);
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
  // Each band's answer goes where it belongs, with a row too much on either side: the one above has its own already,
  // which is kept meanwhile, the one below is next.
  Tensor kept = context.make({1, 1, y.shape().w, y.shape().c}, y.format());
  for_each_band(context, norm, fused, conv.input_format(), x, bands, [&](const Band& band, const Tensor& normed) {
    Tensor answer = y.rows(band.begin, band.read());
    if (band.above() > 0) copy_rows(context, conv.name(), kept, 0, answer, 0, 1);
    conv.on_band(context, normed, band.rows, answer);
    if (band.above() > 0) copy_rows(context, conv.name(), answer, 0, kept, 0, 1);
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
  for_each_band(context, norm, fused, conv.input_format(), given, bands, [&](const Band& band, const Tensor& normed) {
    Tensor answer = context.make(conv.spec().out_shape(normed.shape()), output_format(conv.input_format()));
    conv.on_band(context, normed, band.rows, answer);
    add_rows(context, name, sum, band.row, answer, band.above(), band.rows);
  });
}

Tensor convolve_in_place(Context& context, const Conv2d& pointwise, Tensor&& x, const Bands& bands) {
  Tensor given = std::move(x);
  const Shape whole = given.shape(), answer = pointwise.spec().out_shape(whole);
  const bool fits = answer.c <= whole.c && output_format(pointwise.input_format()) == given.format();
  if (!fits || !goes_in_bands(whole, bands)) return pointwise(context, given);
  for (int64_t row = 0; row < whole.h && context.ok(); row += bands.rows) {
    const int64_t rows = std::min(bands.rows, whole.h - row);
    const Tensor made = pointwise(context, given.rows(row, rows));
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
