// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/noise.h"

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstddef>

// The build compiles everything with -ffp-contract=off. Belt and braces for those who build this by other means: a
// contracted a*b+c rounds once where the definition rounds twice, and the bits would depend on the machine.
#if defined(__clang__)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif
#if defined(__FAST_MATH__)
#error "noise.cc promises exact bits and cannot be compiled with -ffast-math"
#endif

namespace mobilediffusion {
namespace {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles (on 32-bit x86: -msse2 -mfpmath=sse)");

// c[0] + c[1] x + ... by Horner's rule, in this order of operations.
template <size_t N>
inline double polynomial(const double (&c)[N], double x) {
  double sum = c[N - 1];
  for (size_t i = N - 1; i-- > 0;) sum = sum * x + c[i];
  return sum;
}

// ln x for a normal, positive x. With x = m 2^e, m within [sqrt(1/2), sqrt(2)) and s = (m-1)/(m+1):
// ln x = e ln 2 + 2 artanh s = e ln 2 + 2 s (1 + s^2/3 + s^4/5 + ...), where s^2 < 0.0295, so that the term left out,
// s^24/25 < 2e-20, is of no account beside the rounding.
inline double natural_logarithm(double x) {
  constexpr double kSeries[] = {1.0,        1.0 / 3.0,  1.0 / 5.0,  1.0 / 7.0,  1.0 / 9.0,  1.0 / 11.0,
                                1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0, 1.0 / 19.0, 1.0 / 21.0, 1.0 / 23.0};
  constexpr double kLn2 = 0.69314718055994530942;
  constexpr uint64_t kFraction = (uint64_t{1} << 52) - 1;
  constexpr uint64_t kSqrt2Fraction = 0x6a09e667f3bcd;  // of sqrt(2)
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const bool large = (bits & kFraction) >= kSqrt2Fraction;
  const double exponent = static_cast<double>(static_cast<int>(bits >> 52) - 1023 + (large ? 1 : 0));
  const double m = std::bit_cast<double>((bits & kFraction) | (uint64_t{large ? 1022u : 1023u} << 52));
  const double s = (m - 1.0) / (m + 1.0);
  return exponent * kLn2 + 2.0 * s * polynomial(kSeries, s * s);
}

// AS241, PPND16: numerators and denominators for |u - 1/2| <= 0.425, for the flanks and for the far tails.
constexpr double kA[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                         1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                         3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kB[] = {1.0,
                         4.2313330701600911252e+1,
                         6.8718700749205790830e+2,
                         5.3941960214247511077e+3,
                         2.1213794301586595867e+4,
                         3.9307895800092710610e+4,
                         2.8729085735721942674e+4,
                         5.2264952788528545610e+3};
constexpr double kC[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kD[] = {1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
constexpr double kE[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kF[] = {1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};

inline uint32_t low(uint64_t x) { return static_cast<uint32_t>(x); }
inline uint32_t high(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

inline float normal_of(uint32_t first_word, uint32_t second_word) {
  const uint64_t x = first_word | (uint64_t{second_word} << 32);
  constexpr double kTwoToMinus52 = 1.0 / 4503599627370496.0;
  return static_cast<float>(normal_quantile((static_cast<double>(x >> 12) + 0.5) * kTwoToMinus52));
}

}  // namespace

std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {high(p1) ^ counter[1] ^ key[0], low(p1), high(p0) ^ counter[3] ^ key[1], low(p0)};
    key[0] += 0x9E3779B9u;  // the golden ratio
    key[1] += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

double normal_quantile(double u) {
  const double q = u - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double tail = q < 0.0 ? u : 1.0 - u;
  double r = std::sqrt(-natural_logarithm(tail));
  double z;
  if (r <= 5.0) {
    r = r - 1.6;
    z = polynomial(kC, r) / polynomial(kD, r);
  } else {
    r = r - 5.0;
    z = polynomial(kE, r) / polynomial(kF, r);
  }
  return q < 0.0 ? -z : z;
}

void fill_normal(uint64_t seed, uint64_t stream, uint64_t first, std::span<float> out) {
  const std::array<uint32_t, 2> key = {low(seed), high(seed)};
  size_t j = 0;
  while (j < out.size()) {
    const uint64_t i = first + j;
    const uint64_t block = i / 2;
    const auto words = philox4x32_10({low(block), high(block), low(stream), high(stream)}, key);
    if (i % 2 == 0) {
      out[j++] = normal_of(words[0], words[1]);
      if (j == out.size()) break;
    }
    out[j++] = normal_of(words[2], words[3]);
  }
}

}  // namespace mobilediffusion
