// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

namespace mobilediffusion {
namespace {

std::vector<float> normals(uint64_t seed, uint64_t stream, uint64_t first, size_t count) {
  std::vector<float> out(count);
  fill_normal(seed, stream, first, out);
  return out;
}

// FNV-1a over the values' little-endian bytes.
uint64_t hash_of(const std::vector<float>& values) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (float value : values) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((bits >> shift) & 0xff)) * 0x100000001b3u;
  }
  return hash;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double product = 0, a2 = 0, b2 = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    product += double{a[i]} * b[i];
    a2 += double{a[i]} * a[i];
    b2 += double{b[i]} * b[i];
  }
  return product / std::sqrt(a2 * b2);
}

// Random123's kat_vectors for philox4x32-10.
TEST(Philox, AnswersAsPublished) {
  using Block = std::array<uint32_t, 4>;
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Against the C library's complementary error function, which shares nothing with AS241: the quantile's distribution
// function must be u again. One ulp of z moves u by u |z| ulp times |z| in the tails, hence the tolerance.
TEST(NormalQuantile, InvertsTheDistributionFunction) {
  const auto check = [](double u) {
    const double z = normal_quantile(u);
    const double back = 0.5 * std::erfc(-z / std::sqrt(2.0));
    EXPECT_NEAR(back, u, 2e-15 * u * (1 + z * z)) << "u " << u << " z " << z;
    EXPECT_EQ(normal_quantile(1.0 - u), -normal_quantile(1.0 - (1.0 - u))) << u;
  };
  for (int i = 1; i < 5000; ++i) check(i / 10000.0);
  for (int e = 2; e <= 53; ++e) check(std::ldexp(1.0, -e));
  check(std::nextafter(0.075, 0));
  check(0.075);
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-14);
  EXPECT_NEAR(normal_quantile(std::ldexp(1.0, -53)), -8.2095361516013874, 1e-13);
}

TEST(NormalQuantile, RisesAcrossItsPieces) {
  for (double edge : {0.075, 0.925, std::exp(-25.0)}) {
    double before = normal_quantile(edge - edge * 1e-10);
    for (int i = -99; i <= 100; ++i) {
      const double z = normal_quantile(edge + edge * i * 1e-12);
      EXPECT_GE(z, before - 1e-14) << edge << " " << i;
      before = z;
    }
  }
}

// The promise of the header: these bits, on every platform. An implementation in another language gave the same.
TEST(Noise, HasTheseBits) {
  const uint32_t first[] = {
      0x3f96bb4f, 0x3e88fdeb, 0xbeb4ac05, 0xbfe489aa, 0xbef0416e, 0xbf1b879b, 0xbe5b92bf, 0xbe3d0431,
      0x3f019a65, 0x3fb14853, 0xbff51d16, 0xbebdbfba, 0x3f5e4810, 0xbfe8b2cd, 0xbfdc6610, 0xbdf3e102,
  };
  const uint32_t far[] = {
      0xbf5c4bb2, 0x3d9d0bdf, 0x3f034713, 0xbecab538, 0xbcfcfe5f, 0x3e37734a, 0x3d50987f, 0xbf1f531a,
      0x3f1237ea, 0xbf81dc12, 0x3f7f76b9, 0x3f0d3cd5, 0x3fd87864, 0xbe88a275, 0x3d917222, 0x3eef3d61,
  };
  const std::vector<float> a = normals(0, 0, 0, 16);
  const std::vector<float> b = normals(0x123456789abcdef0u, 7, (uint64_t{1} << 40) + 1, 16);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(std::bit_cast<uint32_t>(a[i]), first[i]) << i;
    EXPECT_EQ(std::bit_cast<uint32_t>(b[i]), far[i]) << i;
  }
  EXPECT_EQ(hash_of(normals(42, 0, 0, 1000000)), 0xf171acdab844efa3u);
}

TEST(Noise, DependsOnThePositionAlone) {
  const std::vector<float> whole = normals(5, 2, 1000, 257);
  for (size_t first : {0, 1, 2, 7, 100, 255}) {
    for (size_t count : {0, 1, 2, 3}) {
      if (first + count > whole.size()) continue;
      const std::vector<float> piece = normals(5, 2, 1000 + first, count);
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(piece[i], whole[first + i]) << first << " " << i;
    }
  }
  std::vector<float> together(257);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&together, t] {
      const size_t begin = t * 65, end = std::min<size_t>(begin + 65, together.size());
      fill_normal(5, 2, 1000 + begin, std::span(together).subspan(begin, end - begin));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, whole);
}

// Position 2^33 is block 2^32: the counter's second word.
TEST(Noise, CountsBeyond32Bits) {
  const uint64_t carry = uint64_t{1} << 33;
  EXPECT_NE(normals(1, 0, carry, 4), normals(1, 0, 0, 4));
  EXPECT_EQ(normals(1, 0, carry - 1, 2)[1], normals(1, 0, carry, 1)[0]);
  EXPECT_NE(normals(uint64_t{1} << 32, 0, 0, 4), normals(0, 0, 0, 4));
  EXPECT_NE(normals(0, uint64_t{1} << 32, 0, 4), normals(0, 0, 0, 4));
}

class NoiseMoments : public testing::TestWithParam<uint64_t> {};

// Each bound is about four and a half standard deviations of the estimate; the values are fixed, so it passes or fails
// for good.
TEST_P(NoiseMoments, AreTheNormalDistributions) {
  const size_t n = 1000000;
  std::vector<float> values = normals(GetParam(), 0, 0, n);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  for (float value : values) m1 += value;
  m1 /= n;
  for (float value : values) {
    const double d = value - m1;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  m2 /= n;
  m3 /= n;
  m4 /= n;
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_LT(std::abs(m1), 4.5 / root);
  EXPECT_LT(std::abs(m2 - 1), 4.5 * std::sqrt(2.0) / root);
  EXPECT_LT(std::abs(m3 / std::pow(m2, 1.5)), 4.5 * std::sqrt(6.0) / root);
  EXPECT_LT(std::abs(m4 / (m2 * m2) - 3), 4.5 * std::sqrt(24.0) / root);

  // Neighbours, and neighbours in the next row of a 64-wide latent.
  for (size_t lag : {1, 2, 64}) {
    double product = 0;
    for (size_t i = 0; i + lag < n; ++i) product += double{values[i]} * values[i + lag];
    EXPECT_LT(std::abs(product / n), 4.5 / root) << "lag " << lag;
  }

  // Kolmogorov and Smirnov's distance; 1.95/sqrt(n) is exceeded once in a thousand samples.
  std::sort(values.begin(), values.end());
  double distance = 0;
  for (size_t i = 0; i < n; ++i) {
    const double cdf = 0.5 * std::erfc(-values[i] / std::sqrt(2.0));
    distance = std::max({distance, cdf - double(i) / n, double(i + 1) / n - cdf});
  }
  EXPECT_LT(distance, 1.95 / root);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NoiseMoments, testing::Values(0, 1, 42, 0xffffffffffffffffu));

TEST(Noise, IsNotSharedBetweenSeedsAndStreams) {
  const size_t n = 200000;
  const double bound = 4.5 / std::sqrt(static_cast<double>(n));
  std::vector<std::vector<float>> all;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{1} << 32, uint64_t{1} << 63}) {
    for (uint64_t stream : {0, 1, 2}) all.push_back(normals(seed, stream, 0, n));
  }
  for (size_t a = 0; a < all.size(); ++a) {
    for (size_t b = 0; b < a; ++b) EXPECT_LT(std::abs(correlation(all[a], all[b])), bound) << a << " " << b;
  }
}

}  // namespace
}  // namespace mobilediffusion
