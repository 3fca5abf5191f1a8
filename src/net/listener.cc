// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/listener.h"

#include <httplib.h>

#include <system_error>

namespace mobilediffusion::net {
namespace {

namespace library = httplib::detail;

// A port can be taken again at once when its server has ended, and never by two.
#if defined(_WIN32)
constexpr int kAlone = SO_EXCLUSIVEADDRUSE;  // here SO_REUSEADDR would let another program take it as well
int last_error() { return ::WSAGetLastError(); }
bool is_in_use(int error) { return error == WSAEADDRINUSE || error == WSAEACCES; }
#else
constexpr int kAlone = SO_REUSEADDR;
int last_error() { return errno; }
bool is_in_use(int error) { return error == EADDRINUSE; }
#endif

void take_port_alone(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, kAlone, reinterpret_cast<const char*>(&yes), sizeof yes);
}

}  // namespace

Result<Listener> Listener::open(const std::string& host, int port) {
  int error = 0;  // of the last address of that name
  const auto listens = [&error](socket_t socket, const addrinfo& address, bool& /*last*/) {
    const bool ok = ::bind(socket, address.ai_addr, static_cast<socklen_t>(address.ai_addrlen)) == 0 &&
                    ::listen(socket, SOMAXCONN) == 0;
    if (!ok) error = last_error();
    return ok;
  };
  const socket_t socket = library::create_socket(host, "", port, AF_UNSPEC, AI_PASSIVE, /*tcp_nodelay=*/true,
                                                 /*ipv6_v6only=*/false, take_port_alone, listens);
  if (socket != INVALID_SOCKET) return Listener(static_cast<Socket>(socket));
  if (error == 0)
    return Status(StatusCode::kInvalidArgument,
                  "\"" + host + "\" is no address or name of this machine; expected one such as 127.0.0.1 or 0.0.0.0");
  const std::string where = "port " + std::to_string(port) + " of " + host;
  return Status(StatusCode::kIoError, is_in_use(error)
                                          ? where + " is in use; 0 takes one that is free"
                                          : "cannot listen to " + where + ": " + std::system_category().message(error));
}

Listener::Listener(Socket socket) : socket_(socket) {
  library::set_nonblocking(static_cast<socket_t>(socket), true);
  std::string address;
  library::get_local_ip_and_port(static_cast<socket_t>(socket), address, port_);
  loopback_ = address.starts_with("127.") || address == "::1";
}

Listener::~Listener() {
  if (socket_) library::close_socket(static_cast<socket_t>(*socket_));
}

// Not by httplib's loop, which ends the server where a client is gone again before it is accepted (its pull request
// 2561).
std::optional<Socket> Listener::accept_within(Milliseconds most) {
  const auto listening = static_cast<socket_t>(*socket_);
  if (library::select_read(listening, 0, static_cast<time_t>(most.count()) * 1000) <= 0) return std::nullopt;
#if defined(SOCK_CLOEXEC)
  const socket_t accepted = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);  // no child process has it
#else
  const socket_t accepted = ::accept(listening, nullptr, nullptr);
#endif
  if (accepted == INVALID_SOCKET) return std::nullopt;
  library::set_nonblocking(accepted, true);
  return static_cast<Socket>(accepted);
}

}  // namespace mobilediffusion::net
