// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if !defined(_WIN32)  // the client below is POSIX's

#include "src/net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mobilediffusion::net {
namespace {

using std::chrono::milliseconds;

constexpr size_t kLarge = 64 << 20;  // more than sockets hold

class Caller {
 public:
  explicit Caller(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Caller() { hang_up(); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void say(const std::string& text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  // Everything until the other side has done.
  std::string hear() const {
    std::string all;
    char piece[4096];
    for (ssize_t count; (count = ::recv(socket_, piece, sizeof piece, 0)) > 0;)
      all.append(piece, static_cast<size_t>(count));
    return all;
  }

  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

 private:
  int socket_;
};

class EchoHandler : public Handler {
 public:
  std::optional<Response> refuse(const Request& head) override {
    if (head.path == "/refused") return Response{.status = 403, .body = "no"};
    if (head.method == "QUERY") return Response{.status = 405, .body = *head.header("host")};
    return std::nullopt;
  }
  void answer(const Request& request, Client& client) override {
    if (request.path == "/throw") throw std::runtime_error("thrown");
    if (request.path == "/pieces") {
      client.begin({.type = "text/event-stream", .headers = {{"A", "b"}}});
      client.write("one, ");
      if (!request.body.empty()) throw std::runtime_error(request.body);
      client.write("two");
      return;
    }
    if (request.path == "/large") return client.send({.body = std::string(kLarge, 'x')});
    if (request.path == "/told") {
      return client.send({.status = 404, .body = request.method + " " + *request.header("accept")});
    }
    if (request.path == "/wait") {
      ++waiting;
      while (!client.is_gone()) std::this_thread::sleep_for(milliseconds(1));
      (client.server_ends() ? ended : gone)++;
    }
    client.send({.type = "text/plain", .body = request.body});
  }
  Response error(const Refusal& refusal) override { return {.status = refusal.status, .body = refusal.message}; }

  std::atomic<int> waiting = 0, ended = 0, gone = 0;
};

class HttpServerTest : public testing::Test {
 protected:
  void start(ServerLimits limits = {}) {
    Result<Listener> listener = Listener::open("127.0.0.1", 0);
    ASSERT_TRUE(listener.ok()) << listener.status().message();
    EXPECT_TRUE(listener->is_loopback());
    port_ = listener->port();
    thread_ = std::thread([this, limits, listener = std::move(*listener)]() mutable {
      serve(listener, {.limits = limits, .headers = {{"X-Always", "yes"}}}, handler_, [this] { return over_.load(); });
    });
  }

  void TearDown() override { end(); }

  void end() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

  std::string ask(const std::string& text) const {
    const Caller caller(port_);
    caller.say(text);
    return caller.hear();
  }

  static bool begins(const std::string& answer, int status) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
  }

  EchoHandler handler_;
  std::atomic<bool> over_ = false;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersAndRefuses) {
  start();
  const std::string answer = ask("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello, and what nobody asked for");
  EXPECT_TRUE(begins(answer, 200)) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello")) << answer;
  EXPECT_NE(answer.find("X-Always: yes\r\n"), std::string::npos);
  EXPECT_TRUE(
      begins(ask("POST /refused HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000000, 'x')), 403));
  const std::string thrown = ask("GET /throw HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(begins(thrown, 500) && thrown.ends_with("unexpected: thrown")) << thrown;
}

TEST_F(HttpServerTest, AHeadComesApart) {
  start();
  const std::string answer = ask("GET /told?a=b?c HTTP/1.1\r\nX-Empty:\r\nACCEPT: \t a, b \r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.ends_with("\r\n\r\nGET a, b")) << answer;
}

TEST_F(HttpServerTest, WhatIsAmbiguousIsRefused) {
  start();
  const std::string end = " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& head : {std::string("\r\n\r\n"),
                                  "GET" + end,
                                  "GET a" + end,
                                  "GET " + end,
                                  "GET  /" + end,
                                  "GET /a b" + end,
                                  "GET /\t" + end,
                                  "GET / \t" + end,
                                  "GET /#a" + end,
                                  "G(T /" + end,
                                  " GET /" + end,
                                  "GET /\x01" + end,
                                  std::string("GET /\0 HTTP/1.1\r\n\r\n", 20),
                                  std::string("GET / HTTP/1.1\r\n: a\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na : b\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na: b\r\n c: d\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na: b\rc\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n"),
                                  std::string("GET / HTTP/1.1\r\na: b\0\r\n\r\n", 24),
                                  std::string("GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n"),
                                  std::string("GET / http/1.1\r\n\r\n")}) {
    const std::string answer = ask(head);
    EXPECT_TRUE(begins(answer, 400)) << head << answer;
    EXPECT_NE(answer.find("X-Always: yes\r\n"), std::string::npos);
  }
  EXPECT_TRUE(begins(ask("GET / HTTP/2.0\r\n\r\n"), 505));
  EXPECT_TRUE(begins(ask("QUERY / HTTP/2.0\r\n\r\n"), 505));
  EXPECT_TRUE(ask("QUERY /" + end).ends_with("\r\n\r\na"));
  EXPECT_TRUE(begins(ask("QUERY / HTTP/1.1\r\nno colon\r\n\r\n"), 400));
  EXPECT_TRUE(begins(ask("BREW /" + end), 400));
  EXPECT_TRUE(begins(ask("GET /" + std::string(5000, 'a') + end), 414));
  EXPECT_TRUE(begins(ask("GET /" + std::string(4000, 'a') + end), 200));
  EXPECT_TRUE(begins(ask("GET / HTTP/1.0\r\n\r\n"), 200));
  EXPECT_TRUE(begins(ask("GET / HTTP/1.1\r\nA: " + std::string(10'000, 'a') + "\r\n\r\n"), 200));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 411));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\nhello"), 400));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), 413));
}

TEST_F(HttpServerTest, AnswersAreWholeOrInPieces) {
  start();
  const std::string head = ask("HEAD / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(begins(head, 200) && head.ends_with("\r\n\r\n")) << head;
  const std::string ranges = ask("POST / HTTP/1.1\r\nRange: bytes=1-2\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(begins(ranges, 200) && ranges.ends_with("\r\n\r\nhello")) << ranges;
  const std::string lines = ask("POST / HTTP/1.1\r\nRange: lines=1-2\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(begins(lines, 200) && lines.ends_with("\r\n\r\nhello")) << lines;
  for (const std::string& answer : {head, ranges, lines}) {
    for (const char* header : {"Connection: close\r\n", "Content-Length: 5\r\n", "Content-Type: text/plain\r\n"})
      EXPECT_NE(answer.find(header), std::string::npos) << answer;
  }
  const std::string pieces = ask("GET /pieces HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(begins(pieces, 200) && pieces.ends_with("\r\n\r\none, two")) << pieces;
  for (const char* header :
       {"Connection: close\r\n", "Content-Type: text/event-stream\r\n", "A: b\r\n", "X-Always: yes\r\n"})
    EXPECT_NE(pieces.find(header), std::string::npos) << pieces;
  EXPECT_EQ(pieces.find("Content-Length"), std::string::npos) << pieces;
  const std::string broken = ask("GET /pieces HTTP/1.1\r\nContent-Length: 5\r\n\r\nthrow");
  EXPECT_TRUE(begins(broken, 200) && broken.ends_with("\r\n\r\none, ")) << broken;
}

TEST_F(HttpServerTest, ABodyIsAskedForUnlessItIsRefused) {
  start({.body_bytes = 5});
  const std::string continued = "HTTP/1.1 100 Continue\r\n\r\n", end = "\r\nExpect: 100-continue\r\n\r\n";
  const std::string answer = ask("POST / HTTP/1.1\r\nContent-Length: 5" + end + "hello");
  EXPECT_TRUE(answer.starts_with(continued + "HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nhello")) << answer;
  const std::string refused = ask("POST / HTTP/1.1\r\nContent-Length: 6" + end);
  EXPECT_TRUE(begins(refused, 413) && refused.ends_with("expected 5 at most")) << refused;
  EXPECT_TRUE(begins(ask("POST /refused HTTP/1.1\r\nContent-Length: 5" + end), 403));
}

TEST_F(HttpServerTest, WhoIsSlowIsNotWaitedFor) {
  start({.head_time = milliseconds(100), .body_time = milliseconds(100)});
  EXPECT_TRUE(begins(ask(""), 408));
  EXPECT_TRUE(begins(ask("GET / HT"), 408));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell"), 408));
}

TEST_F(HttpServerTest, NorWhoSendsAByteAtATime) {
  start({.head_time = milliseconds(100), .body_time = milliseconds(100)});
  for (const char* const begun : {"GET /", "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"}) {
    const Caller caller(port_);
    caller.say(begun);
    std::atomic<bool> heard = false;
    std::thread dripping([&] {
      for (; !heard; std::this_thread::sleep_for(milliseconds(1))) caller.say("a");
    });
    EXPECT_TRUE(begins(caller.hear(), 408));
    heard = true;
    dripping.join();
  }
}

TEST_F(HttpServerTest, NorWhoTakesNothingOfItsAnswer) {
  start({.write_time = milliseconds(100)});
  const Caller caller(port_);
  caller.say("GET /large HTTP/1.1\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(1000));
  EXPECT_LT(caller.hear().size(), kLarge);
}

TEST_F(HttpServerTest, LargeIsRefused) {
  start({.head_bytes = 100, .body_bytes = 4});
  EXPECT_TRUE(begins(ask("GET / HTTP/1.1\r\nA: " + std::string(100, 'a') + "\r\n\r\n"), 431));
  EXPECT_TRUE(begins(ask("GET /" + std::string(100'000, 'a')), 431));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 413));
  EXPECT_TRUE(begins(ask("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nhell"), 200));
}

TEST_F(HttpServerTest, ManyAtOnceAndOneThatGoes) {
  start({.clients = 3});
  {
    const Caller first(port_), second(port_);
    Caller third(port_);
    for (const Caller* caller : {&first, &second, static_cast<const Caller*>(&third)})
      caller->say("GET /wait HTTP/1.1\r\n\r\n");
    while (handler_.waiting < 3) std::this_thread::sleep_for(milliseconds(1));
    const std::string answer = ask("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(begins(answer, 503)) << answer;
    EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
    third.hang_up();
    while (handler_.gone < 1) std::this_thread::sleep_for(milliseconds(1));
  }
  while (handler_.gone < 3) std::this_thread::sleep_for(milliseconds(1));
}

TEST_F(HttpServerTest, ItsEndIsEveryonesEnd) {
  start();
  const Caller drawing(port_), silent(port_), slow(port_), full(port_);
  drawing.say("GET /wait HTTP/1.1\r\n\r\n");
  slow.say("GET / HT");
  full.say("GET /large HTTP/1.1\r\n\r\n");
  while (handler_.waiting < 1) std::this_thread::sleep_for(milliseconds(1));
  const auto began = std::chrono::steady_clock::now();
  end();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));  // a moment, on a busy machine too
  EXPECT_EQ(handler_.ended, 1);
  EXPECT_EQ(silent.hear(), "");
  EXPECT_EQ(slow.hear(), "");
}

TEST(Listener, APortIsTakenOnce) {
  const Result<Listener> first = Listener::open("localhost", 0);
  ASSERT_TRUE(first.ok());
  const Result<Listener> second = Listener::open("localhost", first->port());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kIoError);
  EXPECT_NE(second.status().message().find("is in use"), std::string::npos) << second.status().message();
  EXPECT_EQ(Listener::open("no such host", 0).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace mobilediffusion::net

#endif
