// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How a call says that it failed. Nothing in this library throws across its public face: a call that can fail returns
// a Status, or a Result<T> that holds either a T or the Status that says why there is none.
//
//   auto pipeline = mobilediffusion::Pipeline::load("scenes");
//   if (!pipeline.ok()) {
//     std::fprintf(stderr, "%s\n", pipeline.status().message().c_str());
//   }
//
// These types are values: copy and move them freely; distinct objects may be used from distinct threads.
//
// X11's headers have a macro Status. Behind them these headers compile all the same; code that wants to name the class
// there calls it CallStatus, or says auto.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#pragma push_macro("Status")
#undef Status

namespace mobilediffusion {

// What kind of thing went wrong; the message says which thing. The numbers are stable across versions.
enum class StatusCode : int {
  kOk = 0,
  kInvalidArgument = 1,  // an option or an argument is out of its range: the caller's to fix
  kNotFound = 2,         // a file or a folder is missing
  kInvalidModel = 3,     // a model's file is damaged, lies, or does not fit the others
  kUnsupported = 4,      // well-formed, but asks for something that this version or this machine cannot do
  kOutOfMemory = 5,
  kIoError = 6,        // reading or writing failed: permissions, a full disk
  kCancelled = 7,      // cancel() was called, or the progress callback returned false
  kNonFinite = 8,      // a NaN or an infinity came up; the message names the stage
  kInternal = 9,       // a defect of this library: please report it
  kInvalidState = 10,  // the object cannot do this: it was moved from
  kRefused = 11,       // a filter of the app's own refused the prompt or the picture; the message is its reason
};

// The code's name in words, for logs: "invalid argument".
constexpr std::string_view to_string(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kInvalidModel:
      return "invalid model";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kOutOfMemory:
      return "out of memory";
    case StatusCode::kIoError:
      return "input/output error";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kNonFinite:
      return "non-finite value";
    case StatusCode::kInternal:
      return "internal error";
    case StatusCode::kInvalidState:
      return "invalid state";
    case StatusCode::kRefused:
      return "refused";
  }
  return "unknown";
}

// Success, or a code and a message of one line that names the thing, what was expected and what was found.
class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

using CallStatus = Status;

// A T, or the reason why there is none. Reading the value of a failed Result is undefined, like reading an empty
// std::optional: ask ok() first.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: a value is a successful result
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: a failed status is a failed result

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const { return status_; }

  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace mobilediffusion

#pragma pop_macro("Status")
