// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// TCP, as much of it as a server wants. No call waits longer than it was told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "mobilediffusion/status.h"

namespace mobilediffusion::net {

using Milliseconds = std::chrono::milliseconds;

// One end of a connection, closed when it goes.
class Socket {
 public:
  using Handle = intptr_t;  // of every system

  Socket() = default;
  explicit Socket(Handle handle) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, kNone)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  bool valid() const { return handle_ != kNone; }
  Handle handle() const { return handle_; }

  // How many bytes were read or written, which may be none; nothing: the connection has ended.
  std::optional<size_t> read_some(std::span<char> bytes);
  std::optional<size_t> write_some(std::string_view bytes);

  // Whether there is something to read (its end, too), or room to write, within that time.
  bool wait_readable(Milliseconds most) const;
  bool wait_writable(Milliseconds most) const;

  // Whether the other side has ended the connection, as far as is known here.
  bool peer_is_gone() const;

  // Tells the other side that nothing more comes.
  void end_writing();

 private:
  static constexpr Handle kNone = -1;
  Handle handle_ = kNone;
};

// A port that is listened to.
class Listener {
 public:
  // `host` is an address or a name; port 0 takes a free one. Errors: kInvalidArgument (the host), kIoError (the port is
  // taken, or not this user's to take).
  static Result<Listener> open(const std::string& host, int port);

  // The next connection; one that is not valid where none came within that time.
  Socket accept_within(Milliseconds most);

  int port() const { return port_; }
  // Whether only programs of this machine can reach it.
  bool is_loopback() const { return loopback_; }

 private:
  Socket socket_;
  int port_ = 0;
  bool loopback_ = false;
};

}  // namespace mobilediffusion::net
