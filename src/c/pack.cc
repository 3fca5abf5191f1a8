// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pack.h"

#include "src/c/answer.h"
#include "src/c/options.h"

using mobilediffusion::Status;
using mobilediffusion::c::answer;
using mobilediffusion::c::pack_options_of;
using mobilediffusion::c::require;

md_status md_pack(const char* model, const char* file, const md_pack_options* options, md_error** error) {
  return answer(error, [&]() -> Status {
    if (Status status = require({{"model", model}, {"file", file}}); !status.ok()) return status;
    const auto given = pack_options_of(options);
    return given.ok() ? mobilediffusion::pack(model, file, *given) : given.status();
  });
}
