// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/product_tile.h"

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "kernels/runtime/processor.h"
#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

namespace mobilediffusion::kernels {
namespace {

struct Line {
  Precision precision;
  std::string_view instructions;
  std::string_view needed;  // of the processor; empty: every one has it
  ProductTile tile;
};

// XNNPACK's tiles, the fastest of each precision first. One instruction set may have tiles of several shapes.
#if defined(__aarch64__) || defined(_M_ARM64)
constexpr Line kLines[] = {
    {Precision::kFloat32, "NEON", "", {8, 1}},   {Precision::kFloat32, "NEON", "", {8, 4}},
    {Precision::kFloat32, "scalar", "", {4, 1}}, {Precision::kFloat16, "FP16", "FP16", {16, 1}},
    {Precision::kInt8, "i8mm", "i8mm", {16, 8}}, {Precision::kInt8, "dot products", "dot products", {16, 4}},
    {Precision::kInt8, "NEON", "", {8, 8}},      {Precision::kInt8, "scalar", "", {4, 1}},
};
#elif defined(__x86_64__) || defined(_M_X64)
constexpr Line kLines[] = {
    {Precision::kFloat32, "AVX-512", "AVX-512", {32, 1}},
    {Precision::kFloat32, "FMA", "FMA", {16, 1}},
    {Precision::kFloat32, "FMA", "FMA", {16, 4}},
    {Precision::kFloat32, "AVX", "", {16, 1}},
    {Precision::kFloat32, "SSE", "", {8, 1}},
    {Precision::kFloat16, "AVX512-FP16", "AVX512-FP16", {64, 1}},
    {Precision::kFloat16, "AVX2, in float32", "AVX2", {16, 1}},
    {Precision::kInt8, "AMX", "AMX", {64, 4}},
    {Precision::kInt8, "AVX-512 VNNI", "AVX-512 VNNI", {16, 8}},
    {Precision::kInt8, "AVX-512 VNNI of 256 bits", "AVX-512 VNNI", {8, 8}},
    {Precision::kInt8, "AVX-VNNI", "AVX-VNNI", {8, 8}},
    {Precision::kInt8, "AVX-512", "AVX-512", {16, 8}},
    {Precision::kInt8, "AVX2", "AVX2", {8, 8}},
    {Precision::kInt8, "SSE", "", {4, 8}},
};
#else
constexpr std::span<const Line> kLines;
#endif

// Makes a product of `in` by `out` weights and says how many bytes they packed to; 0 where XNNPACK makes none.
size_t packed_size(Precision precision, Precision result, int in, int out) {
  constexpr const char* kName = "a product";
  const auto inputs = static_cast<size_t>(in), outputs = static_cast<size_t>(out);
  const std::vector<float> weight(inputs * outputs), scales(outputs, 1.0f);
  const std::vector<int8_t> quantized(inputs * outputs);
  PackedWeights store;
  Status status;
  create_xnnpack_operator(kName, store.provider(kName), status, [&](xnn_weights_cache_t cache, xnn_operator_t* op) {
    switch (precision) {
      case Precision::kFloat32:
        return call_create(xnn_create_fully_connected_nc_f32, cache, op, inputs, outputs, inputs, outputs,
                           weight.data(), /*bias=*/nullptr, -kInfinity, kInfinity, /*flags=*/0);
      case Precision::kFloat16:
        return call_create(xnn_create_fully_connected_nc_f16, cache, op, inputs, outputs, inputs, outputs,
                           weight.data(), /*bias=*/nullptr, -kInfinity, kInfinity, XNN_FLAG_FP32_STATIC_WEIGHTS);
      case Precision::kInt8:
        break;
    }
    const Format format = result == Precision::kFloat16 ? Format::kFloat16 : Format::kFloat32;
    return call_create(creator_of_int8_linear(format), cache, op, inputs, outputs, inputs, outputs, scales.data(),
                       quantized.data(), /*bias=*/nullptr, -kInfinity, kInfinity, /*flags=*/0);
  });
  return status.ok() && store.contains(kName) ? store.entries().find(kName)->second.bytes.size() : 0;
}

// The largest step that changes nothing, beginning behind a multiple of every tile's; 0 where all up to kMost do.
template <typename Size>
int period_of(Size&& size) {
  constexpr int kMost = 128;
  const size_t first = size(kMost + 1);
  for (int step = 1; step <= kMost; ++step) {
    if (size(kMost + 1 + step) != first) return step;
  }
  return 0;
}

ProductTile find_tile(Precision precision, Precision result) {
  constexpr int kOther = 64;  // of the other extent: enough for a step to show in what is rounded up to a cache line
  if (packed_size(precision, result, kOther, kOther) == 0) return {};
  return {.columns = period_of([&](int out) { return packed_size(precision, result, kOther, out); }),
          .depth = period_of([&](int in) { return packed_size(precision, result, in, kOther); })};
}

}  // namespace

ProductKernel name_of_tile(Precision precision, const ProductTile& tile, bool (*has)(std::string_view instructions)) {
  ProductKernel kernel{.tile = tile, .instructions = {}, .better = {}};
  std::string_view best;
  for (const Line& line : kLines) {
    if (line.precision != precision || (!line.needed.empty() && !has(line.needed))) continue;
    if (best.empty()) best = line.instructions;
    if (line.tile == tile) {
      kernel.instructions = line.instructions;
      break;
    }
  }
  if (kernel.instructions != best) kernel.better = best;
  return kernel;
}

ProductKernel product_kernel(Precision precision, Precision result) {
  return name_of_tile(precision, find_tile(precision, result), has_instructions);
}

}  // namespace mobilediffusion::kernels
