// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "mobilediffusion/status.h"

namespace mobilediffusion::net {

using Milliseconds = std::chrono::milliseconds;
using Socket = intptr_t;  // of every system

// A port that is listened to.
class Listener {
 public:
  // `host` is an address or a name; port 0 takes a free one. Errors: kInvalidArgument (the host), kIoError (the port is
  // taken, or not this user's to take).
  static Result<Listener> open(const std::string& host, int port);
  Listener(Listener&& other) noexcept
      : socket_(std::exchange(other.socket_, std::nullopt)), port_(other.port_), loopback_(other.loopback_) {}
  ~Listener();

  // The next connection, which is the caller's to close; nothing where none came within that time.
  std::optional<Socket> accept_within(Milliseconds most);

  int port() const { return port_; }
  // Whether only programs of this machine can reach it.
  bool is_loopback() const { return loopback_; }

 private:
  explicit Listener(Socket socket);

  std::optional<Socket> socket_;  // nothing: another has it
  int port_ = 0;
  bool loopback_ = false;
};

}  // namespace mobilediffusion::net
