// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace mobilediffusion::cli {

// A line on a terminal that is written over as the work goes on, ten times a second at most and never wider than the
// terminal; nothing where stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { clear(); }

  // `label` is ASCII.
  void show(const std::string& label, int done, int total);
  void clear();

 private:
  bool enabled_;
  size_t shown_ = 0;  // columns in use
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace mobilediffusion::cli
