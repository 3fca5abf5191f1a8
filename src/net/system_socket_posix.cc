// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if !defined(_WIN32)

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "src/net/system_socket.h"

namespace mobilediffusion::net {

bool start_sockets() { return true; }

void close_socket(SystemSocket socket) { ::close(socket); }

bool set_up_socket(SystemSocket socket) {
  const int flags = ::fcntl(socket, F_GETFL);
  return flags >= 0 && ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0;
}

void take_port_alone(SystemSocket socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

int poll_socket(pollfd* socket, int milliseconds) { return ::poll(socket, 1, milliseconds); }

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }
bool address_in_use() { return errno == EADDRINUSE; }
std::string last_socket_error() { return std::generic_category().message(errno); }

}  // namespace mobilediffusion::net

#endif
