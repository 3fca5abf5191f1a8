// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace mobilediffusion {
namespace {

// Files on disk rest on it: it may not change without their names changing.
TEST(Digest, IsTheSameForEver) {
  EXPECT_EQ(digest("", 0), digest(std::string_view()));
  std::set<uint64_t> seen;
  std::vector<std::byte> bytes(300);
  for (size_t size = 0; size <= bytes.size(); ++size) seen.insert(digest(std::span(bytes).first(size)));
  EXPECT_EQ(seen.size(), 301u) << "zeros of different lengths";
}

TEST(Digest, EveryBitCounts) {
  std::vector<std::byte> bytes(203);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 37);
  std::set<uint64_t> seen{digest(bytes)};
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= std::byte{1} << bit;
      EXPECT_TRUE(seen.insert(digest(bytes)).second) << "byte " << i << ", bit " << bit;
      bytes[i] ^= std::byte{1} << bit;
    }
  }
  EXPECT_TRUE(seen.insert(digest(bytes, 1)).second) << "the seed";
}

TEST(Digest, PrintsAllDigits) {
  EXPECT_EQ(to_hex(0), "0000000000000000");
  EXPECT_EQ(to_hex(0x0123456789abcdefu), "0123456789abcdef");
}

}  // namespace
}  // namespace mobilediffusion
