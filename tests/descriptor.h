// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include <string>

namespace mobilediffusion {

// A file open to be read, by the number that a caller has of it.
inline int open_descriptor(const std::string& path) {
#if defined(_WIN32)
  return ::_open(path.c_str(), _O_RDONLY | _O_BINARY);
#else
  return ::open(path.c_str(), O_RDONLY);
#endif
}

inline void close_descriptor(int descriptor) {
#if defined(_WIN32)
  ::_close(descriptor);
#else
  ::close(descriptor);
#endif
}

// Both ends of a pipe; false where there is none to be had.
inline bool open_pipe(int (&ends)[2]) {
#if defined(_WIN32)
  return ::_pipe(ends, 4096, _O_BINARY) == 0;
#else
  return ::pipe(ends) == 0;
#endif
}

}  // namespace mobilediffusion
