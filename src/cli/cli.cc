// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/cli.h"

#include <cstdio>

namespace mobilediffusion::cli {

int complain(const Status& status) {
  std::fprintf(stderr, "mobilediffusion: %s\n", status.message().c_str());
  if (status.code() == StatusCode::kCancelled) return kInterrupted;
  return status.code() == StatusCode::kInvalidArgument ? kUsage : kFailed;
}

}  // namespace mobilediffusion::cli
