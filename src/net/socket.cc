// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/socket.h"

#include <cstring>

#include "src/net/system_socket.h"

namespace mobilediffusion::net {
namespace {

SystemSocket system(const Socket& socket) { return static_cast<SystemSocket>(socket.handle()); }

bool wait_for(const Socket& socket, short events, Milliseconds most) {
  pollfd asked{};
  asked.fd = system(socket);
  asked.events = events;
  return poll_socket(&asked, static_cast<int>(most.count())) > 0;
}

// One that writes to a connection which has ended gets an error, and no signal.
#if defined(MSG_NOSIGNAL)
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;  // the program ignores SIGPIPE
#endif

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  const in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
  return address.ss_family == AF_INET6 &&
         std::memcmp(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, &loopback, sizeof loopback) == 0;
}

int port_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
                                       : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// Listening to the first address of a list that can be listened to; else why the last cannot.
Result<Socket> listen_to(const addrinfo* addresses, const std::string& where) {
  Status refused;
  for (const addrinfo* each = addresses; each != nullptr; each = each->ai_next) {
    Socket socket(static_cast<Socket::Handle>(::socket(each->ai_family, each->ai_socktype, each->ai_protocol)));
    if (socket.valid() && set_up_socket(system(socket))) {
      take_port_alone(system(socket));
      if (::bind(system(socket), each->ai_addr, static_cast<socklen_t>(each->ai_addrlen)) == 0 &&
          ::listen(system(socket), SOMAXCONN) == 0) {
        return socket;
      }
    }
    refused = {StatusCode::kIoError, address_in_use() ? where + " is in use; 0 takes one that is free"
                                                      : "cannot listen to " + where + ": " + last_socket_error()};
  }
  return refused;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

Socket::~Socket() {
  if (valid()) close_socket(system(*this));
}

std::optional<size_t> Socket::read_some(std::span<char> bytes) {
  const auto count = ::recv(system(*this), bytes.data(), bytes.size(), 0);
  if (count > 0) return static_cast<size_t>(count);
  if (count < 0 && try_again()) return 0;
  return std::nullopt;
}

std::optional<size_t> Socket::write_some(std::string_view bytes) {
  const auto count = ::send(system(*this), bytes.data(), bytes.size(), kNoSignal);
  if (count >= 0) return static_cast<size_t>(count);
  if (try_again()) return 0;
  return std::nullopt;
}

bool Socket::wait_readable(Milliseconds most) const { return wait_for(*this, POLLIN, most); }
bool Socket::wait_writable(Milliseconds most) const { return wait_for(*this, POLLOUT, most); }

bool Socket::peer_is_gone() const {
  char byte;
  const auto count = ::recv(system(*this), &byte, 1, MSG_PEEK);
  return count == 0 || (count < 0 && !try_again());
}

void Socket::end_writing() { ::shutdown(system(*this), 1); }

Result<Listener> Listener::open(const std::string& host, int port) {
  if (!start_sockets()) return Status(StatusCode::kIoError, "this system has no sockets: " + last_socket_error());
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* addresses = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses) != 0) {
    return Status(StatusCode::kInvalidArgument,
                  "\"" + host + "\" is no address or name of this machine; expected one such as 127.0.0.1 or 0.0.0.0");
  }
  const std::string where = "port " + std::to_string(port) + " of " + host;
  Result<Socket> socket = listen_to(addresses, where);
  ::freeaddrinfo(addresses);
  if (!socket.ok()) return socket.status();
  Listener listener;
  listener.socket_ = std::move(*socket);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(system(listener.socket_), reinterpret_cast<sockaddr*>(&own), &size) != 0)
    return Status(StatusCode::kIoError, "cannot listen to " + where + ": " + last_socket_error());
  listener.port_ = port_of(own);
  listener.loopback_ = net::is_loopback(own);
  return listener;
}

Socket Listener::accept_within(Milliseconds most) {
  if (!socket_.wait_readable(most)) return {};
  Socket accepted(static_cast<Socket::Handle>(::accept(system(socket_), nullptr, nullptr)));
  if (!accepted.valid() || !set_up_socket(system(accepted))) return {};
  const int yes = 1;  // an event goes out when it is written
  ::setsockopt(system(accepted), IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&yes), sizeof yes);
  return accepted;
}

}  // namespace mobilediffusion::net
