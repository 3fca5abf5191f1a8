// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/wire.h"

#include <algorithm>

namespace mobilediffusion::net {
namespace {

namespace library = httplib::detail;

constexpr time_t kMicroseconds = kTick.count() * 1000;
constexpr Milliseconds kFarewell{2'000};     // for a client to take its answer before the connection is closed
constexpr size_t kMostLeftOver = 64u << 20;  // bytes that are read and dropped meanwhile

}  // namespace

Wire::Wire(Socket socket, const ServerLimits& limits, const std::atomic<bool>& ending)
    : socket_(static_cast<socket_t>(socket)),
      limits_(limits),
      ending_(ending),
      deadline_(Clock::now() + limits.head_time) {}

Wire::~Wire() { library::close_socket(socket_); }

bool Wire::fill() {
  while (!lost_ && Clock::now() < deadline_) {
    if (library::select_read(socket_, 0, kMicroseconds) > 0) {
      const ssize_t count = library::read_socket(socket_, buffer_.data(), buffer_.size(), 0);
      lost_ = count <= 0;
      if (lost_) return false;
      begin_ = 0;
      end_ = static_cast<size_t>(count);
      return true;
    }
    lost_ = ending_;
  }
  if (!lost_) refusal_ = {408, std::string("the request's ") + (in_head_ ? "head" : "body") + " did not come in time"};
  return false;
}

ssize_t Wire::read(char* bytes, size_t size) {
  if (begin_ == end_ && !fill()) return -1;
  size = std::min(size, end_ - begin_);
  std::copy_n(buffer_.data() + begin_, size, bytes);
  begin_ += size;
  if (in_head_ && head_.append(bytes, size).size() > limits_.head_bytes) {
    refusal_ = {431, "the request's head is longer than " + std::to_string(limits_.head_bytes) + " bytes"};
    return -1;
  }
  return static_cast<ssize_t>(size);
}

ssize_t Wire::write(const char* bytes, size_t size) {
  if (muted_) return static_cast<ssize_t>(size);
  const Clock::time_point end = Clock::now() + limits_.write_time;
  while (!lost_) {
    if (library::select_write(socket_, 0, kMicroseconds) > 0) {
      const ssize_t count = library::send_socket(socket_, bytes, size, CPPHTTPLIB_SEND_FLAGS);
      if (count >= 0) return count;
      lost_ = !library::is_socket_alive(socket_);
    } else {
      lost_ = ending_ || Clock::now() > end;
    }
  }
  return -1;
}

void Wire::begin_body() {
  in_head_ = false;
  deadline_ = Clock::now() + limits_.body_time;
}

bool Wire::is_gone() { return lost_ || ending_ || (lost_ = !library::is_socket_alive(socket_)); }

void Wire::end_writing() { ::shutdown(socket_, 1); }

void Wire::say_farewell() {
  end_writing();
  deadline_ = Clock::now() + kFarewell;
  for (size_t bytes = end_; bytes < kMostLeftOver && fill(); bytes += end_) {
  }
}

}  // namespace mobilediffusion::net
