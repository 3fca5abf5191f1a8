// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What httplib reads a request from and writes its answer to. It waits no longer than the limits say, whatever the
// client sends or takes at a time, nor when the server ends.
#pragma once

#include <httplib.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "src/net/http_server.h"

namespace mobilediffusion::net {

constexpr Milliseconds kTick{20};  // how soon the server's end is noticed

class Wire final : public httplib::Stream {
 public:
  // The socket is its own to close.
  Wire(Socket socket, const ServerLimits& limits, const std::atomic<bool>& ending);
  ~Wire() override;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // -1: nothing came in time (then there is a refusal), or the client is gone, or the server ends.
  ssize_t read(char* bytes, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

  // From here on a body is read, which has a time of its own.
  void begin_body();
  // Of what is written from here on nothing is sent.
  void mute() { muted_ = true; }
  // Whether nobody waits any more.
  bool is_gone();

  // The head, as it came.
  const std::string& head() const { return head_; }
  // Why nothing more was read.
  const std::optional<Refusal>& refusal() const { return refusal_; }

  void end_writing();
  // Ends the connection so that a client which still sends gets its answer: one that is closed with unread bytes is
  // reset.
  void say_farewell();

 private:
  using Clock = std::chrono::steady_clock;

  bool fill();  // the buffer, which is empty

  const socket_t socket_;
  const ServerLimits& limits_;
  const std::atomic<bool>& ending_;
  std::array<char, 16384> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what httplib has not read yet
  std::string head_;
  bool in_head_ = true, muted_ = false, lost_ = false;
  Clock::time_point deadline_;
  std::optional<Refusal> refusal_;
};

}  // namespace mobilediffusion::net
