// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/cli.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>

namespace mobilediffusion::cli {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

}  // namespace

int complain(const Status& status) {
  std::fprintf(stderr, "mobilediffusion: %s\n", status.message().c_str());
  if (status.code() == StatusCode::kCancelled) return kInterrupted;
  return status.code() == StatusCode::kInvalidArgument ? kUsage : kFailed;
}

Result<Size> parse_size(const std::string& text) {
  Size size;
  const char* const end = text.data() + text.size();
  const auto [middle, width_error] = std::from_chars(text.data(), end, size.width);
  if (width_error == std::errc() && middle != end && (*middle == 'x' || *middle == 'X')) {
    const auto [rest, height_error] = std::from_chars(middle + 1, end, size.height);
    if (height_error == std::errc() && rest == end && size.width > 0 && size.height > 0) return size;
  }
  return Status(StatusCode::kInvalidArgument,
                "--size must be WIDTHxHEIGHT in pixels, as 512x384, not \"" + text + "\"");
}

const CLI::Validator kSeed(
    [](const std::string& text) -> std::string {
      uint64_t seed = 0;
      const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
      if (error == std::errc() && rest == text.data() + text.size()) return {};
      return "must be 0 to 18446744073709551615, not " + text;
    },
    "");

void catch_interrupts() {
  std::signal(SIGINT, [](int) { interrupt_seen = 1; });
}

bool interrupted() { return interrupt_seen != 0; }

ProgressLine::ProgressLine(bool wanted) : enabled_(wanted && ::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& label, int done, int total) {
  if (!enabled_) return;
  constexpr int kWidth = 24;
  std::string bar(static_cast<size_t>(kWidth), ' ');
  for (int i = 0; i < kWidth * done / std::max(1, total); ++i) bar[static_cast<size_t>(i)] = '=';
  std::fprintf(stderr, "\r\033[K%-8s [%s] %d/%d", label.c_str(), bar.c_str(), done, total);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string with_unit(double value) {
  const char* unit = "";
  for (const char* larger : {" k", " M", " G", " T"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f%s" : value < 100 ? "%.2f%s" : "%.1f%s", value, unit);
  return text;
}

}  // namespace mobilediffusion::cli
