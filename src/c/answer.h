// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How a function of c.h begins and ends.
#pragma once

#include <initializer_list>
#include <utility>

#include "mobilediffusion/c.h"
#include "mobilediffusion/status.h"
#include "src/files/guarded.h"

namespace mobilediffusion::c {

// An argument that must not be NULL, and its name in c.h.
struct Argument {
  const char* name;
  const void* value;
};

// kInvalidArgument names the first that is NULL.
Status require(std::initializer_list<Argument> arguments);

// Stores what went wrong, or NULL, where the caller wants it.
md_status report(Status status, md_error** error) noexcept;

// Runs the body of a function that can fail, which returns a Status. Whatever it throws ends here.
template <typename Body>
md_status answer(md_error** error, Body&& body) noexcept {
  try {
    return report(guarded(std::forward<Body>(body)), error);
  } catch (...) {  // no std::exception: a caller's callback threw it
    return report(Status(StatusCode::kInternal, "foreign throw"), error);
  }
}

// The same for one whose body returns a Result<Value>, of which *handle becomes a `Handle{value}` of the caller's.
template <typename Handle, typename Body>
md_status answer(const char* name, Handle** handle, md_error** error, Body&& body) noexcept {
  if (handle != nullptr) *handle = nullptr;
  return answer(error, [&]() -> Status {
    if (Status status = require({{name, handle}}); !status.ok()) return status;
    auto value = body();
    if (!value.ok()) return value.status();
    *handle = new Handle{std::move(*value)};
    return {};
  });
}

}  // namespace mobilediffusion::c
