// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if defined(_WIN32)

#include <system_error>

#include "src/net/system_socket.h"

namespace mobilediffusion::net {

bool start_sockets() {
  static const bool started = [] {
    WSADATA data;
    return ::WSAStartup(MAKEWORD(2, 2), &data) == 0;
  }();
  return started;
}

void close_socket(SystemSocket socket) { ::closesocket(socket); }

bool set_up_socket(SystemSocket socket) {
  u_long yes = 1;
  return ::ioctlsocket(socket, FIONBIO, &yes) == 0;
}

// Here SO_REUSEADDR would let another program take the port as well.
void take_port_alone(SystemSocket socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&yes), sizeof yes);
}

int poll_socket(pollfd* socket, int milliseconds) { return ::WSAPoll(socket, 1, milliseconds); }

bool try_again() { return ::WSAGetLastError() == WSAEWOULDBLOCK; }
bool address_in_use() { return ::WSAGetLastError() == WSAEADDRINUSE || ::WSAGetLastError() == WSAEACCES; }
std::string last_socket_error() { return std::system_category().message(::WSAGetLastError()); }

}  // namespace mobilediffusion::net

#endif
