// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/torch_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace mobilediffusion {
namespace {

// PyTorch 2.6 on x86-64: torch.randn(count, generator=g), one call after another with one generator a seed. All values
// of a short call; of a long one the first 6 and the last 18.
struct Call {
  uint64_t seed;
  size_t count;
  std::vector<float> values;
};

const std::vector<Call>& calls() {
  static const std::vector<Call> all = {
      {0ull,
       16,
       {-1.12583983f, -1.1523602f, -0.250578582f, -0.433878809f, 0.848710358f, 0.692009151f, -0.31601277f, -2.11521935f,
        0.322274923f, -1.26333475f, 0.349983186f, 0.30813393f, 0.119841509f, 1.2376579f, 1.11677718f, -0.247278154f}},
      {42ull, 16384, {1.92691529f,   1.48728406f,   0.900717199f,  -2.10552096f,  0.678418458f,  -1.23454487f,
                      -0.351111352f, 0.670039475f,  1.24139774f,   -1.43216491f,  -0.542131841f, 0.221142396f,
                      -1.31042302f,  -0.800104141f, 1.06898403f,   1.5536809f,    1.98406672f,   -0.554258704f,
                      0.429135025f,  0.0715329349f, -0.811143816f, -0.635750473f, 0.972809732f,  -0.293406099f}},
      {12345678901ull, 40, {0.223975122f, 1.10198867f,   0.588212132f, 2.18765616f,  -0.0374292992f, -0.108502567f,
                            -0.69873172f, -0.437035263f, 0.102549739f, 0.115973063f, -0.225452289f,  -1.01902366f,
                            1.35324371f,  0.0391198695f, 0.649032712f, 0.632496834f, -0.689809144f,  1.37768435f,
                            -0.61559552f, -0.885267854f, 0.994015336f, 0.1370074f,   -0.33415851f,   -0.586877227f}},
      {12345678901ull, 40, {0.613384128f, -0.402714461f,  -0.383264661f,  -0.190328583f, 0.304407001f, 0.482225657f,
                            0.129103824f, -0.0385372788f, -0.408003449f,  0.0438627563f, 0.233222827f, 1.90344322f,
                            0.412665784f, 1.65376055f,    -0.0571972877f, 0.583267331f,  0.987936318f, -1.79808748f,
                            0.273332179f, -1.51431859f,   -0.790768743f,  -0.60819602f,  2.08169174f,  -1.12451935f}},
      {7ull, 5, {-0.146795094f, 0.786141276f, 0.94682163f, -1.114344f, 1.69079018f}},
      {7ull, 4, {-0.894827902f, -0.355625033f, 1.23238575f, 0.138172656f}},
      {7ull,
       16,
       {0.198445052f, 0.782072663f, 1.03910768f, -0.724510729f, -0.848908603f, -1.21692944f, -0.0810215846f,
        1.36148512f, -2.0614779f, 0.674100697f, -1.32334578f, -1.35976899f, -0.866701603f, -0.564006686f, -2.05646253f,
        -0.356722534f}},
      {7ull, 3, {-1.68219852f, 2.45054126f, 2.02560186f}},
  };
  return all;
}

TEST(TorchNoise, IsPyTorchs) {
  const Call* before = nullptr;
  TorchGenerator generator(0);
  for (const Call& call : calls()) {
    if (before == nullptr || before->seed != call.seed) generator = TorchGenerator(call.seed);
    before = &call;
    std::vector<float> out(call.count);
    generator.fill_normal(out);
    for (size_t i = 0; i < call.values.size(); ++i) {
      const size_t at = call.count <= 16 || i < 6 ? i : call.count - call.values.size() + i;
      // at least that of 1: near a zero of the cosine PyTorch's own two paths are further apart than two of the value's
      const float size = std::max(1.0f, std::abs(call.values[i]));
      const float ulp = std::nextafter(size, HUGE_VALF) - size;
      EXPECT_NEAR(out[at], call.values[i], 2 * ulp) << "seed " << call.seed << ", " << call.count << ": " << at;
    }
  }
}

// Of the seed the low half counts.
TEST(TorchNoise, TakesTheSeedsLowHalf) {
  std::vector<float> low(32), high(32);
  TorchGenerator(7).fill_normal(low);
  TorchGenerator(7 + (uint64_t{1} << 32)).fill_normal(high);
  EXPECT_EQ(low, high);
}

}  // namespace
}  // namespace mobilediffusion
