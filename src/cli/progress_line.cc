// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/progress_line.h"

#include <algorithm>
#include <cstdio>

#include "src/cli/platform.h"

namespace mobilediffusion::cli {
namespace {

// "decoder  [====    ] 3/6"; where columns are few, with a shorter bar, without one, and cut.
std::string line_of(const std::string& label, int done, int total, size_t columns) {
  constexpr size_t kWidestBar = 24, kNarrowestBar = 4, kBrackets = 3;
  std::string name = label;
  name.resize(std::max<size_t>(name.size() + 1, 9), ' ');
  const std::string count = std::to_string(done) + "/" + std::to_string(total);
  const size_t around = name.size() + kBrackets + count.size();
  if (columns < around + kNarrowestBar) return (label + " " + count).substr(0, columns);
  const size_t width = std::min(kWidestBar, columns - around);
  std::string bar(width * static_cast<size_t>(std::max(0, done)) / static_cast<size_t>(std::max(1, total)), '=');
  bar.resize(width, ' ');
  return name + "[" + bar + "] " + count;
}

// All but the last: some terminals begin a new line as soon as that is written to.
size_t usable_columns() { return static_cast<size_t>(std::max(1, terminal_columns() - 1)); }

// In one piece: stderr has no buffer, and Windows would show a line letter by letter.
void write_to_terminal(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

ProgressLine::ProgressLine(bool wanted) : enabled_(wanted && stderr_is_terminal()) {}

void ProgressLine::show(const std::string& label, int done, int total) {
  constexpr std::chrono::milliseconds kPause(100);
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_) return;
  next_ = now + kPause;
  const size_t columns = usable_columns();
  std::string line = line_of(label, done, total, columns);
  const size_t used = line.size();
  line.resize(std::max(used, std::min(shown_, columns)), ' ');
  shown_ = used;
  write_to_terminal("\r" + line);
}

void ProgressLine::clear() {
  if (shown_ == 0) return;
  write_to_terminal("\r" + std::string(std::min(shown_, usable_columns()), ' ') + "\r");
  shown_ = 0;
}

}  // namespace mobilediffusion::cli
