// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What operating systems do differently about sockets, behind names that all of them can have: system_socket_posix.cc
// and system_socket_windows.cc. Only socket.cc calls these; what is the same everywhere it calls by its own name.
#pragma once

#if defined(_WIN32)
#if !defined(NOMINMAX)  // by a compiler's own headers
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
// behind winsock2.h
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#endif

#include <string>

#include "src/net/socket.h"

namespace mobilediffusion::net {

#if defined(_WIN32)
using SystemSocket = SOCKET;
#else
using SystemSocket = int;
#endif

// Before the first socket; false where the system has none.
bool start_sockets();

void close_socket(SystemSocket socket);

// Calls return at once, and no child process has it. False where the system refuses.
bool set_up_socket(SystemSocket socket);

// A port can be taken again at once when its server has ended, and never by two.
void take_port_alone(SystemSocket socket);

// As poll() does.
int poll_socket(pollfd* socket, int milliseconds);

// Of the call that failed last: whether it can be made again later, whether the port is taken, and why in words.
bool try_again();
bool address_in_use();
std::string last_socket_error();

}  // namespace mobilediffusion::net
