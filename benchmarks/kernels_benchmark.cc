// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every kernel at the shapes that MobileDiffusion meets at 512x512, with one thread and with two. Items are
// multiply-accumulates where the kernel has any, else values. "precision": 0 is float32, 1 float16, 2 int8.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "benchmarks/peak.h"
#include "kernels/attention/attention.h"
#include "kernels/convolution/banded_convolution.h"
#include "kernels/convolution/conv2d.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/quantize.h"
#include "kernels/linear/bfloat16_linear.h"
#include "kernels/linear/byte_linear.h"
#include "kernels/linear/fully_connected.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/panel_linear.h"
#include "kernels/normalization/norm.h"
#include "kernels/packing/float16_support.h"
#include "src/sampling/noise.h"

namespace mobilediffusion::kernels {
namespace {

// Normal values, seen as a weight of that shape.
class RandomWeight {
 public:
  explicit RandomWeight(std::vector<int64_t> shape) : shape_(std::move(shape)) {
    int64_t count = 1;
    for (const int64_t extent : shape_) count *= extent;
    values_.resize(static_cast<size_t>(count));
    fill_normal(1, 0, 0, values_);
  }
  WeightView view() const { return {DataType::kFloat32, shape_, values_.data()}; }

 private:
  std::vector<int64_t> shape_;
  std::vector<float> values_;
};

constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kFloat16, Precision::kInt8};

// A pool, an arena and a context for one benchmark.
class Bench {
 public:
  explicit Bench(int64_t threads) : pool_(static_cast<int>(threads)), context_(pool_, arena_) {}
  Context& context() { return context_; }
  Tensor make(const Shape& shape) {
    Tensor x = context_.make(shape);
    fill_normal(2, 0, 0, {x.data(), static_cast<size_t>(shape.elements())});
    return x;
  }

  // What an operator of that precision reads from its neighbour.
  Tensor make(const Shape& shape, Precision precision) {
    Tensor x = make(shape);
    const Format format = output_format(format_of(precision, Format::kInt8PerPicture));
    return format == Format::kFloat16 ? convert(context_, "halves", x, format) : std::move(x);
  }

  template <typename Body>
  void run(benchmark::State& state, int64_t items, Body&& body) {
    for (auto _ : state) body();
    if (!context_.ok()) state.SkipWithError(context_.status().message().c_str());
    state.SetItemsProcessed(state.iterations() * items);
  }

 private:
  ThreadPool pool_;
  Arena arena_;
  Context context_;
};

void conv2d(benchmark::State& state) {
  Bench bench(state.range(0));
  const auto side = state.range(1);
  const bool depthwise = state.range(5) == 1;
  const Precision precision = kPrecisions[state.range(6)];
  const Conv2dSpec spec{.in_channels = static_cast<int>(state.range(2)),
                        .out_channels = static_cast<int>(state.range(3)),
                        .kernel = static_cast<int>(state.range(4)),
                        .depthwise = depthwise,
                        .upsample_2x = state.range(5) == 2};
  const RandomWeight weight({spec.out_channels, depthwise ? 1 : spec.in_channels, spec.kernel, spec.kernel}),
      bias({spec.out_channels});
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), precision, status);
  const Tensor x = bench.make({1, side, side, spec.in_channels}, precision);
  bench.run(state, spec.macs(x.shape()), [&] { benchmark::DoNotOptimize(conv(bench.context(), x).data()); });
}
BENCHMARK(conv2d)
    ->ArgNames({"threads", "side", "in", "out", "kernel", "depthwise1_upsample2", "precision"})
    ->ArgsProduct({{1, 2}, {64}, {320}, {320}, {3}, {0}, {0, 1, 2}})        // UNet, level 0
    ->ArgsProduct({{1, 2}, {32}, {640}, {640}, {1, 3}, {0}, {0, 1, 2}})     // level 1: pointwise, downsampler
    ->ArgsProduct({{1, 2}, {16}, {2048}, {1024}, {1}, {0}, {0, 1, 2}})      // level 2, after a skip joined
    ->ArgsProduct({{1, 2}, {16}, {1024}, {1024}, {3}, {1}, {0, 1}})         // its depthwise half
    ->ArgsProduct({{1, 2}, {128, 256}, {256}, {256}, {3}, {0}, {0, 1, 2}})  // decoder
    ->ArgsProduct({{1, 2}, {128}, {256}, {256}, {3}, {2}, {0, 1, 2}})       // its upsampler
    ->ArgsProduct({{1, 2}, {512}, {64}, {3}, {3}, {0}, {0, 1, 2}})          // its last
    ->UseRealTime();

// The decoder's largest resnets, half of one: the picture whole, or in bands.
void normalized_convolution(benchmark::State& state) {
  Bench bench(state.range(0));
  const auto side = state.range(1);
  const int channels = static_cast<int>(state.range(2));
  const Precision precision = kPrecisions[state.range(3)];
  const Bands bands{.rows = state.range(4), .least_bytes = state.range(4) > 0 ? 0 : INT64_MAX};
  const RandomWeight scale({channels}), weight({channels, channels, 3, 3});
  Status status;
  const GroupNorm norm("norm", channels, 32, 1e-5f, scale.view(), scale.view(), status);
  const Conv2d conv("conv", {.in_channels = channels, .out_channels = channels}, weight.view(), scale.view(), precision,
                    status);
  const Tensor x = bench.make({1, side, side, channels}, precision);
  Tensor sum = bench.make(x.shape(), precision);
  bench.run(state, conv.spec().macs(x.shape()), [&] {
    Tensor h = convolve_normalized(bench.context(), norm, Fused::kSilu, conv, x, nullptr, bands);
    add_convolved_normalized(bench.context(), "sum", norm, Fused::kSilu, conv, std::move(h), sum, bands);
  });
}
BENCHMARK(normalized_convolution)
    ->ArgNames({"threads", "side", "channels", "precision", "band"})
    ->ArgsProduct({{2}, {512}, {64}, {0, 1, 2}, {0, 14, 30, 62, 126}})
    ->ArgsProduct({{2}, {256}, {128}, {0, 1, 2}, {0, 14, 30, 62, 126}})
    ->ArgsProduct({{2}, {128}, {256}, {0, 1, 2}, {0, 14, 30, 62}})
    ->UseRealTime();

void linear(benchmark::State& state) {
  Bench bench(state.range(0));
  const LinearSpec spec{.in = static_cast<int>(state.range(2)), .out = static_cast<int>(state.range(3))};
  const RandomWeight weight({spec.out, spec.in}), bias({spec.out});
  Status status;
  const Precision precision = kPrecisions[state.range(4)];
  const Linear linear("linear", spec, weight.view(), bias.view(), precision, status);
  const Tensor x = bench.make({1, 1, state.range(1), spec.in}, precision);
  bench.run(state, state.range(1) * spec.in * spec.out,
            [&] { benchmark::DoNotOptimize(linear(bench.context(), x).data()); });
}
BENCHMARK(linear)
    ->ArgNames({"threads", "rows", "in", "out", "precision"})
    ->ArgsProduct({{1, 2}, {256}, {1024}, {1024, 6144}, {0, 1, 2}})
    ->ArgsProduct({{1, 2}, {1024}, {640}, {640, 3840}, {0, 1, 2}})
    ->ArgsProduct({{1, 2}, {77}, {768}, {768, 3072}, {0, 1, 2}})
    ->UseRealTime();

// What our own product of a precision uses.
double peak_of(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return peak_macs();
    case Precision::kFloat16:
      return peak_tile_macs();
    case Precision::kInt8:
      return peak_byte_macs();
  }
  return 0;
}

// By either algorithm; `of_peak` is the share of what the threads' multipliers can do.
template <typename Algorithm, Precision precision>
void product(benchmark::State& state) {
  Bench bench(state.range(0));
  const LinearSpec spec{.in = static_cast<int>(state.range(2)), .out = static_cast<int>(state.range(3))};
  const RandomWeight weight({spec.out, spec.in}), bias({spec.out});
  Status status;
  const double peak = peak_of(precision) * static_cast<double>(state.range(0));
  if (peak == 0) return state.SkipWithError("this processor has no such instructions");
  const Algorithm algorithm("product", spec, weight.view(), bias.view(), precision, status);
  const Tensor x = convert(bench.context(), "x", bench.make({1, 1, state.range(1), spec.in}),
                           format_of(precision, Format::kInt8PerRow));
  Tensor y = bench.context().make({1, 1, state.range(1), spec.out}, output_format(x.format()));
  const int64_t macs = state.range(1) * spec.in * spec.out;
  bench.run(state, macs, [&] { algorithm.run(bench.context(), "product", x, y); });
  state.counters["of_peak"] =
      benchmark::Counter(static_cast<double>(macs * state.iterations()) / peak, benchmark::Counter::kIsRate);
}
void product_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"threads", "rows", "in", "out"})
      ->ArgsProduct({{1, 2}, {1024}, {1024}, {1024}})
      ->ArgsProduct({{1, 2}, {256}, {1024}, {1024, 6144}})
      ->ArgsProduct({{1, 2}, {1024}, {640}, {640, 3840}})
      ->ArgsProduct({{1, 2}, {4096}, {320}, {320}})
      ->ArgsProduct({{1, 2}, {77}, {768}, {3072}})
      ->UseRealTime();
}
BENCHMARK_TEMPLATE(product, PanelLinear, Precision::kFloat32)->Apply(product_shapes);
BENCHMARK_TEMPLATE(product, FullyConnected, Precision::kFloat32)->Apply(product_shapes);
BENCHMARK_TEMPLATE(product, Bfloat16Linear, Precision::kFloat16)->Apply(product_shapes);
BENCHMARK_TEMPLATE(product, FullyConnected, Precision::kFloat16)->Apply(product_shapes);
BENCHMARK_TEMPLATE(product, ByteLinear, Precision::kInt8)->Apply(product_shapes);
BENCHMARK_TEMPLATE(product, FullyConnected, Precision::kInt8)->Apply(product_shapes);

void attention(benchmark::State& state) {
  Bench bench(state.range(0));
  const AttentionSpec spec{.heads = static_cast<int>(state.range(4)),
                           .weights = state.range(5) != 0 ? AttentionWeights::kRelu : AttentionWeights::kSoftmax};
  const Precision precision = kPrecisions[state.range(6)];
  const Attention attention("attention", spec, precision);
  const auto queries = state.range(1), keys = state.range(2), width = state.range(3);
  const Tensor q = bench.make({1, 1, queries, width}, precision), kv = bench.make({1, 1, keys, width}, precision);
  bench.run(state, 2 * queries * keys * width,
            [&] { benchmark::DoNotOptimize(attention(bench.context(), q, kv, kv).data()); });
}
BENCHMARK(attention)
    ->ArgNames({"threads", "queries", "keys", "width", "heads", "relu", "precision"})
    ->ArgsProduct({{1, 2}, {256}, {256, 77}, {1024}, {16}, {0, 1}, {0}})
    ->ArgsProduct({{1, 2}, {1024}, {1024, 77}, {640}, {10}, {0}, {0, 2}})
    ->ArgsProduct({{1, 2}, {4096}, {4096}, {320}, {8}, {0}, {0, 1, 2}})         // Stable Diffusion's outermost
    ->ArgsProduct({{1, 2}, {4096, 16384}, {4096}, {256}, {1}, {0}, {0, 1, 2}})  // a decoder that attends
    ->UseRealTime();

void group_norm(benchmark::State& state) {
  Bench bench(state.range(0));
  const auto side = state.range(1);
  const int channels = static_cast<int>(state.range(2));
  const RandomWeight weight({channels}), bias({channels});
  Status status;
  const GroupNorm norm("norm", channels, 32, 1e-5f, weight.view(), bias.view(), status);
  const Tensor x = bench.make({1, side, side, channels});
  const Format format = state.range(3) != 0 ? Format::kInt8PerPicture : Format::kFloat32;
  bench.run(state, x.shape().elements(),
            [&] { benchmark::DoNotOptimize(norm(bench.context(), x, Fused::kSilu, format).shape()); });
}
BENCHMARK(group_norm)
    ->ArgNames({"threads", "side", "channels", "int8"})
    ->ArgsProduct({{1, 2}, {64}, {320, 640}, {0, 1}})
    ->ArgsProduct({{1, 2}, {512}, {64, 128}, {0, 1}})
    ->UseRealTime();

void layer_norm(benchmark::State& state) {
  Bench bench(state.range(0));
  const int width = static_cast<int>(state.range(2));
  const RandomWeight weight({width}), bias({width});
  Status status;
  const LayerNorm norm("norm", width, 1e-5f, weight.view(), bias.view(), status);
  const Tensor x = bench.make({1, 1, state.range(1), width});
  bench.run(state, x.shape().elements(), [&] { benchmark::DoNotOptimize(norm(bench.context(), x).data()); });
}
BENCHMARK(layer_norm)->ArgNames({"threads", "rows", "width"})->ArgsProduct({{1, 2}, {256}, {1024}})->UseRealTime();

void activation(benchmark::State& state) {
  Bench bench(state.range(0));
  const Tensor fresh = bench.make({1, 64, 64, 320});
  Tensor x = bench.make(fresh.shape());
  const auto kind = static_cast<Activation>(state.range(1));
  bench.run(state, x.shape().elements(), [&] {
    // Applied again and again, it would end in denormal numbers, whose arithmetic is slow.
    std::copy_n(fresh.data(), x.shape().elements(), x.data());
    activate(bench.context(), "activation", kind, x);
  });
}
BENCHMARK(activation)
    ->ArgNames({"threads", "kind"})
    ->ArgsProduct({{1, 2},
                   {static_cast<int>(Activation::kSilu), static_cast<int>(Activation::kQuickGelu),
                    static_cast<int>(Activation::kGelu)}})
    ->UseRealTime();

void gated(benchmark::State& state) {
  Bench bench(state.range(0));
  const Tensor x = bench.make({1, 1, 256, 6144});
  bench.run(state, x.shape().elements(), [&] {
    benchmark::DoNotOptimize(mobilediffusion::kernels::gated(bench.context(), "gate", Activation::kSilu, x).data());
  });
}
BENCHMARK(gated)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

void concatenation(benchmark::State& state) {
  Bench bench(state.range(0));
  const Tensor x = bench.make({1, 64, 64, 320}), y = bench.make({1, 64, 64, 320});
  bench.run(state, 2 * x.shape().elements(),
            [&] { benchmark::DoNotOptimize(concatenate(bench.context(), "skip", x, y).data()); });
}
BENCHMARK(concatenation)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace mobilediffusion::kernels
