// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/attention.h"

#include <utility>

#include "kernels/attention/flash_attention.h"
#include "kernels/attention/quantized_attention.h"

namespace mobilediffusion::kernels {
namespace {

// How attention is computed.
struct Choice {
  void (*run)(Context& context, std::string_view name, const AttentionSpec& spec, const Tensor& queries,
              const Tensor& keys, const Tensor& values, Tensor& y);
  Kernel kernel;
};

// The table: the first line that a specification, a precision and a number of keys fit.
Choice choose(const AttentionSpec& spec, Precision precision, int64_t keys) {
  constexpr int64_t kFewestKeys = 1024;  // that are worth quantising

  // Long softmax attention in int8, as between the pixels of a large picture: products in 8 bits.
  if (precision == Precision::kInt8 && spec.weights == AttentionWeights::kSoftmax && !spec.causal &&
      keys >= kFewestKeys)
    return {.run = quantized_attention,
            .kernel = {.way = "quantized", .products = Kernel::Products::kXnnpack, .precision = Precision::kInt8}};

  // Everything else, in every precision: float32, scores and sums staying in a core's cache.
  return {.run = flash_attention, .kernel = {.way = "flash", .products = Kernel::Products::kLoops}};
}

}  // namespace

Attention::Attention(std::string name, const AttentionSpec& spec, Precision precision)
    : name_(std::move(name)), spec_(spec), precision_(precision) {}

Tensor Attention::operator()(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values) const {
  Tensor y = context.make(queries.shape(), queries.format());
  const int64_t rows = queries.shape().pixels(), count = keys.shape().pixels(), width = queries.shape().c;
  const Choice choice = choose(spec_, precision_, count);
  const auto call = context.begin(name_, "attention", 2 * queries.shape().n * rows * count * width, choice.kernel);
  if (call) choice.run(context, name_, spec_, queries, keys, values, y);
  return y;
}

}  // namespace mobilediffusion::kernels
