// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>

namespace mobilediffusion::net {
namespace {

int refusal_of(const std::string& head) {
  const auto parsed = parse_head(head);
  const Refusal* const refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 0 : refusal->status;
}

TEST(Http, AHeadComesApart) {
  const auto parsed =
      parse_head("POST /v1/generate?a=b?c HTTP/1.1\r\nHost: localhost:80\r\nX-Empty:\r\nACCEPT: \t a, b \r\n\r\n");
  ASSERT_TRUE(std::holds_alternative<Request>(parsed));
  const Request& request = std::get<Request>(parsed);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/v1/generate");
  EXPECT_EQ(request.query, "a=b?c");
  EXPECT_EQ(*request.header("host"), "localhost:80");
  EXPECT_EQ(*request.header("x-empty"), "");
  EXPECT_EQ(*request.header("accept"), "a, b");
  EXPECT_EQ(request.header("origin"), nullptr);
}

TEST(Http, WhatIsAmbiguousIsRefused) {
  const std::string end = " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& head :
       {std::string(), std::string("\r\n\r\n"), "GET" + end, "GET a" + end, "GET " + end, "GET  /" + end,
        "GET /a b" + end, "GET /\t" + end, "G(T /" + end, " GET /" + end, std::string("GET /\0 HTTP/1.1\r\n\r\n", 20),
        std::string("GET / HTTP/1.1\r\n: a\r\n\r\n"), std::string("GET / HTTP/1.1\r\na : b\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n"), std::string("GET / HTTP/1.1\r\na: b\rc\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n"), std::string("GET / http/1.1\r\n\r\n")}) {
    EXPECT_EQ(refusal_of(head), 400) << head;
  }
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(refusal_of("GET /" + std::string(5000, 'a') + end), 414);
  EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(Http, ABodyHasALength) {
  const auto length_of = [](Headers headers) { return body_length({.headers = std::move(headers)}); };
  EXPECT_EQ(std::get<size_t>(length_of({})), 0u);
  EXPECT_EQ(std::get<size_t>(length_of({{"content-length", "12"}})), 12u);
  for (const char* wrong : {"", "-1", "+1", "0x1", "1 2", "1,1", "a"})
    EXPECT_EQ(std::get<Refusal>(length_of({{"content-length", wrong}})).status, 400) << wrong;
  EXPECT_EQ(std::get<Refusal>(length_of({{"content-length", "99999999999999999999"}})).status, 413);
  EXPECT_EQ(std::get<Refusal>(length_of({{"transfer-encoding", "chunked"}, {"content-length", "1"}})).status, 411);
}

TEST(Http, AnAnswersHead) {
  EXPECT_EQ(
      head_of({.status = 404, .type = "text/plain", .headers = {{"A", "b"}}}, 3),
      "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nA: b\r\n\r\n");
  EXPECT_EQ(head_of({}, std::nullopt), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace mobilediffusion::net
