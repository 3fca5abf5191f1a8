// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The small parts of src/serve; the whole of it is tested by cli/serve_test.py.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "src/serve/access.h"
#include "src/serve/base64.h"
#include "src/serve/picture_queue.h"

namespace mobilediffusion::serve {
namespace {

using std::chrono::milliseconds;

TEST(Base64, ThereAndBack) {
  // RFC 4648, section 10
  const std::string expected[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  const std::string text = "foobar";
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::vector<uint8_t> bytes(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(to_base64(bytes), expected[size]);
    EXPECT_EQ(from_base64(expected[size]), bytes);
  }
  for (const char* wrong : {"Z", "Zg", "Zg=", "Zg===", "Z===", "Zm 9", "Zm9\n", "Zm9-", "=Zm9", "Zg==Zg=="}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

TEST(PictureQueue, FirstComeFirstServedAndNoMoreThanMayWait) {
  PictureQueue queue(2);
  std::optional<PictureQueue::Place> first = queue.enter(), second = queue.enter(), third = queue.enter();
  ASSERT_TRUE(first && second && third);
  EXPECT_FALSE(queue.enter());
  EXPECT_EQ(first->wait(milliseconds(0)), 0u);
  EXPECT_EQ(second->wait(milliseconds(0)), 1u);
  EXPECT_EQ(third->wait(milliseconds(0)), 2u);
  second.reset();  // who waits may go
  EXPECT_EQ(third->wait(milliseconds(0)), 1u);
  first.reset();
  EXPECT_EQ(third->wait(milliseconds(0)), 0u);
  EXPECT_TRUE(queue.enter());
}

TEST(Access, TokensDiffer) {
  EXPECT_EQ(make_token().size(), 32u);
  EXPECT_NE(make_token(), make_token());
}

TEST(Access, ATokenIsComparedWhole) {
  const Access access({}, "abc");
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer ab", "Bearer abcd", "Bearer abC", "Basic abc", "abc"})
    EXPECT_TRUE(access.refuse_call({.headers = {{"authorization", wrong}}})) << wrong;
  EXPECT_FALSE(access.refuse_call({.headers = {{"authorization", "Bearer abc"}}}));
  EXPECT_FALSE(access.refuse_call({.headers = {{"authorization", "bearer abc"}}}));
}

}  // namespace
}  // namespace mobilediffusion::serve
