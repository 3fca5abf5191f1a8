// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

namespace mobilediffusion::net {
namespace {

TEST(Http, HeadersAreFound) {
  const Request request{.headers = {{"x-empty", ""}, {"accept", "a, b"}}};
  EXPECT_EQ(*request.header("x-empty"), "");
  EXPECT_EQ(*request.header("accept"), "a, b");
  EXPECT_EQ(request.header("origin"), nullptr);
}

TEST(Http, WhatIsAmbiguousIsRefused) {
  EXPECT_FALSE(refuse_head({.path = "/v1/generate", .headers = {{"host", "a"}, {"accept", "a"}, {"accept", "b"}}}));
  for (const std::string& path : {std::string(), std::string("a"), std::string("*"), std::string("http://a/"),
                                  std::string("/a b"), std::string("/\t"), std::string("/\x7f"), std::string("/\0", 2)})
    EXPECT_TRUE(refuse_head({.path = path})) << path;
  EXPECT_TRUE(refuse_head({.method = "G(T", .path = "/"}));
  for (const char* name : {"a ", " a", "a\tb", "a(b", "\xc3\xa4"})
    EXPECT_TRUE(refuse_head({.path = "/", .headers = {{name, "b"}}})) << name;
  for (const char* name : {"host", "content-length", "origin", "authorization"})
    EXPECT_TRUE(refuse_head({.path = "/", .headers = {{name, "b"}, {name, "b"}}})) << name;
}

TEST(Http, ABodyHasALength) {
  const auto length_of = [](Headers headers) { return body_length({.headers = std::move(headers)}, 12); };
  EXPECT_EQ(std::get<size_t>(length_of({})), 0u);
  EXPECT_EQ(std::get<size_t>(length_of({{"content-length", "12"}})), 12u);
  for (const char* wrong : {"", "-1", "+1", "0x1", "1 2", "1,1", "a", "99999999999999999999x"})
    EXPECT_EQ(std::get<Refusal>(length_of({{"content-length", wrong}})).status, 400) << wrong;
  for (const char* long_one : {"13", "99999999999999999999"})
    EXPECT_EQ(std::get<Refusal>(length_of({{"content-length", long_one}})).status, 413) << long_one;
  EXPECT_EQ(std::get<Refusal>(length_of({{"transfer-encoding", "chunked"}, {"content-length", "1"}})).status, 411);
}

}  // namespace
}  // namespace mobilediffusion::net
