// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <new>
#include <string>
#include <utility>

#include "src/c/answer.h"

struct md_error {
  mobilediffusion::Status status;
};

namespace mobilediffusion::c {
namespace {

// What is told where there is no memory to tell more; never freed, never changed.
const md_error* out_of_memory() {
  static const md_error error = {Status(StatusCode::kOutOfMemory, "out of memory")};
  return &error;
}

}  // namespace

Status require(std::initializer_list<Argument> arguments) {
  for (const Argument& argument : arguments) {
    if (argument.value == nullptr)
      return Status(StatusCode::kInvalidArgument, std::string(argument.name) + " must not be NULL");
  }
  return {};
}

md_status report(Status status, md_error** error) noexcept {
  const auto code = static_cast<md_status>(status.code());
  if (error == nullptr) return code;
  *error = nullptr;
  if (code == MD_OK) return code;
  *error = new (std::nothrow) md_error{std::move(status)};
  if (*error != nullptr) return code;
  *error = const_cast<md_error*>(out_of_memory());
  return MD_OUT_OF_MEMORY;
}

}  // namespace mobilediffusion::c

using mobilediffusion::StatusCode;

const char* md_status_name(md_status status) { return to_string(static_cast<StatusCode>(status)).data(); }

md_status md_error_status(const md_error* error) {
  return error != nullptr ? static_cast<md_status>(error->status.code()) : MD_OK;
}

const char* md_error_message(const md_error* error) { return error != nullptr ? error->status.message().c_str() : ""; }

void md_error_free(md_error* error) {
  if (error != mobilediffusion::c::out_of_memory()) delete error;
}
