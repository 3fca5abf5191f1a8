// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A small HTTP server: a thread a client, a request a connection, and a limit to everything that a client decides.
// Heads are read and answers are written by cpp-httplib, which only this room's own files see.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "src/net/http.h"
#include "src/net/listener.h"

namespace mobilediffusion::net {

struct ServerLimits {
  int clients = 64;                 // at once; a further one is told to come again
  size_t head_bytes = 16 << 10;     // of a request
  size_t body_bytes = 8 << 20;      // likewise
  Milliseconds head_time{10'000};   // from the connection to the head's last byte
  Milliseconds body_time{30'000};   // from there to the body's
  Milliseconds write_time{30'000};  // without a byte taken from us
};

// A client, and what it is told. For one thread.
class Client {
 public:
  virtual ~Client() = default;

  // Whether nobody waits for an answer any more: the client has gone, or the server ends. Cheap, to be asked often.
  virtual bool is_gone() = 0;
  // Whether it is the server that ends.
  virtual bool server_ends() const = 0;

  // The whole answer, which is sent when answer() returns.
  virtual void send(Response response) = 0;
  // The head of one that is written piece by piece, at once. False: the client has gone.
  virtual bool begin(const Response& head) = 0;
  virtual bool write(std::string_view piece) = 0;
};

// What is behind the server. Called from many threads at once.
class Handler {
 public:
  virtual ~Handler() = default;

  // Looks at a request whose body has not been read; an answer refuses it.
  virtual std::optional<Response> refuse(const Request& head) = 0;
  virtual void answer(const Request& request, Client& client) = 0;
  // The answer to a request that the server itself refuses, or that answer() threw at.
  virtual Response error(const Refusal& refusal) = 0;
};

struct ServerOptions {
  ServerLimits limits = {};
  Headers headers = {};  // of every answer
};

// Serves until `ended` is true, which is asked every 20 ms. Then every client is gone, and it returns when the handler
// has left the last of them.
void serve(Listener& listener, const ServerOptions& options, Handler& handler, const std::function<bool()>& ended);

}  // namespace mobilediffusion::net
