// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where one picture's time goes, operator by operator.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kernels/runtime/context.h"
#include "mobilediffusion/options.h"
#include "src/cli/numbers.h"

namespace mobilediffusion::cli {

struct ProfileOptions {
  std::string model;
  std::string prompt;
  Size size;  // 0: what the model was made for
  int steps = 0;
  LoadOptions load;  // with a chosen precision
};

// Operators of a kind together; or one operator, over its calls.
struct ProfileRow {
  std::string name;
  int64_t calls = 0;
  int64_t macs = 0;
  double seconds = 0;

  double gflops() const { return 2e-9 * static_cast<double>(macs) / seconds; }
};

struct Profile {
  kernels::Trace trace;    // of one picture, behind those that warm up
  double seconds = 0;      // of that picture
  double peak_gflops = 0;  // what a large matrix product reaches, at that precision and with those threads

  std::vector<ProfileRow> by_kind() const;      // most time first, and what lies between operators last
  std::vector<ProfileRow> by_operator() const;  // most time first
};

Result<Profile> profile_picture(const ProfileOptions& options);

void print_profile(const Profile& profile);
nlohmann::json to_json(const Profile& profile);

// For chrome://tracing, Perfetto and their like. Errors: kIoError.
Status write_timeline(const std::string& path, const Profile& profile);

}  // namespace mobilediffusion::cli
