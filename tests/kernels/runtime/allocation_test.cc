// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/allocation.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/convolution/conv2d.h"
#include "kernels/linear/linear.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

TEST(AllocationTest, GivesAlignedMemoryThatKeepsWhatItHolds) {
  for (const size_t alignment : {size_t{1}, alignof(std::max_align_t), size_t{64}, size_t{1} << 21}) {
    void* const memory = allocate(1000, alignment);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % alignment, 0u);
    std::memset(memory, 1, 1000);
    release(memory);
  }
  void* const nothing = allocate(0);
  EXPECT_NE(nothing, nullptr);  // null is a failure
  release(nothing);
  auto* memory = static_cast<char*>(reallocate(nullptr, 3));
  memory[2] = 'x';
  memory = static_cast<char*>(reallocate(memory, 100000));
  EXPECT_EQ(memory[2], 'x');
  release(memory);
  release(nullptr);
}

TEST(AllocationTest, FailsOnceWhereATestWantsIt) {
  {
    const FailingAllocation failing(2);
    for (const bool fails : {false, false, true, false, false}) {
      EXPECT_EQ(failing.happened(), false);
      void* const memory = allocate(10);
      EXPECT_EQ(memory == nullptr, fails);
      release(memory);
      if (fails) break;
    }
    EXPECT_TRUE(failing.happened());
    void* const memory = reallocate(nullptr, 10);
    EXPECT_NE(memory, nullptr);
    release(memory);
  }
  const FailingAllocation failing(0);
  EXPECT_EQ(allocate(10, 64), nullptr);
}

TEST(AllocationTest, APoolWithoutMemoryIsTheCallersThreadAlone) {
  const FailingAllocation failing(0);
  const ThreadPool pool(2);
  EXPECT_TRUE(failing.happened());
  EXPECT_EQ(pool.threads(), 1);
  int64_t sum = 0;
  pool.parallel_for(10, 3, [&](int64_t begin, int64_t end) { sum += end - begin; });
  EXPECT_EQ(sum, 10);
}

// An operator is made and run; what went wrong.
using Life = std::function<Status(Precision, PackedWeights*)>;

Status run(const Shape& shape, const std::function<Tensor(Context&, const Tensor&)>& call) {
  Bed bed(1);
  Tensor x = bed.context.make(shape);
  if (bed.context.ok()) std::fill_n(x.data(), shape.elements(), 1.0f);
  call(bed.context, x);
  return bed.context.status();
}

Life convolution(const Conv2dSpec& spec) {
  return [spec](Precision precision, PackedWeights* store) {
    const TestWeight weight({spec.out_channels, spec.depthwise ? 1 : spec.in_channels, spec.kernel, spec.kernel}, 1);
    const TestWeight bias({spec.out_channels}, 2);
    Status status;
    const Conv2d conv("conv", spec, weight.view(), bias.view(), Packing(precision, store), status);
    if (!status.ok()) return status;
    return run({2, 9, 7, spec.in_channels}, [&](Context& context, const Tensor& x) { return conv(context, x); });
  };
}

Status product(Precision precision, PackedWeights* store) {
  const TestWeight weight({700, 500}, 1), bias({700}, 2);  // in several blocks
  Status status;
  const Linear linear("linear", {.in = 500, .out = 700}, weight.view(), bias.view(), Packing(precision, store), status);
  if (!status.ok()) return status;
  return run({1, 1, 5, 500}, [&](Context& context, const Tensor& x) { return linear(context, x); });
}

Status attention(Precision precision, PackedWeights* /*store*/) {
  const Attention attention("attention", {.heads = 2}, precision);
  return run({1, 32, 40, 16}, [&](Context& context, const Tensor& x) { return attention(context, x, x, x); });
}

class EveryAllocationTest : public testing::TestWithParam<std::pair<const char*, Life>> {};

// The arena's, the weights' and XNNPACK's, one after another.
TEST_P(EveryAllocationTest, FailsWithoutACrash) {
  dequantized_precision();  // found out once a process, not while memory fails
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat16, Precision::kInt8}) {
    if (precision == Precision::kFloat16 && !computes_float16()) continue;
    for (const bool stored : {false, true}) {
      int64_t n = 0;
      for (bool happened = true; happened; ++n) {
        PackedWeights store;
        const FailingAllocation failing(n);
        const Status status = GetParam().second(precision, stored ? &store : nullptr);
        happened = failing.happened();
        EXPECT_EQ(status.code(), happened ? StatusCode::kOutOfMemory : StatusCode::kOk)
            << "precision " << static_cast<int>(precision) << ", allocation " << n << ": " << status.message();
      }
      EXPECT_GT(n, 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Operators, EveryAllocationTest,
    testing::Values(std::pair("pointwise", convolution({.in_channels = 20, .out_channels = 70, .kernel = 1})),
                    std::pair("thin", convolution({.in_channels = 16, .out_channels = 4})),
                    std::pair("winograd", convolution({.in_channels = 64, .out_channels = 64})),
                    std::pair("upsampling", convolution({.in_channels = 8, .out_channels = 70, .upsample_2x = true})),
                    std::pair("depthwise", convolution({.in_channels = 8, .out_channels = 8, .depthwise = true})),
                    std::pair("strided", convolution({.in_channels = 8, .out_channels = 70, .stride = 2})),
                    std::pair("linear", Life(product)), std::pair("attention", Life(attention))),
    [](const auto& of) { return std::string(of.param.first); });

}  // namespace
}  // namespace mobilediffusion::kernels
