// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Options structs that say how large they are, so that programs built with older and newer headers than the library's
// can hand them over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

#include "mobilediffusion/status.h"

namespace mobilediffusion::c {

// Writes what the caller's struct has room for, and zeros where a newer one is larger.
template <typename Options>
void init_options(Options* options, size_t struct_size, Options defaults) {
  if (options == nullptr || struct_size < sizeof(size_t)) return;
  defaults.struct_size = struct_size;
  std::memset(static_cast<void*>(options), 0, struct_size);
  std::memcpy(static_cast<void*>(options), &defaults, std::min(struct_size, sizeof(Options)));
}

// A caller's options, read field by field.
template <typename Options>
class SizedOptions {
 public:
  // `type` is the struct's name, for messages. NULL has no field, so that all keep their defaults.
  static Result<SizedOptions> open(const Options* given, const char* type) {
    SizedOptions options;
    if (given == nullptr) return options;
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    size_t size = 0;
    std::memcpy(&size, bytes, sizeof size);
    const std::string name = std::string(type) + ".struct_size";
    if (size < sizeof size || size > kLargest) {
      return Status(StatusCode::kInvalidArgument, name + " must be sizeof(" + type + "), not " + std::to_string(size) +
                                                      ": fill the struct by " + type + "_init()");
    }
    for (size_t i = sizeof(Options); i < size; ++i) {
      if (bytes[i] == 0) continue;
      return Status(StatusCode::kInvalidArgument, name + " is " + std::to_string(size) + ", and byte " +
                                                      std::to_string(i) + " is set: this library knows " +
                                                      std::to_string(sizeof(Options)) +
                                                      " bytes, and options of a newer one must be left alone");
    }
    options.size_ = std::min(size, sizeof(Options));
    std::memcpy(&options.fields_, bytes, options.size_);
    return options;
  }

  // Sets `value` where the caller's struct has the field, and leaves it where it has not.
  template <typename Field, typename Value>
  void read(Field Options::*field, Value& value) const {
    const Field& found = fields_.*field;
    const auto end = reinterpret_cast<const char*>(&found) - reinterpret_cast<const char*>(&fields_) + sizeof found;
    if (end > size_) return;
    if constexpr (std::is_same_v<Value, std::string>) {
      value = found != nullptr ? found : "";
    } else {
      value = static_cast<Value>(found);
    }
  }

 private:
  // No struct will ever be as large; a size that was never set mostly is.
  static constexpr size_t kLargest = 4096;

  Options fields_ = {};
  size_t size_ = 0;
};

}  // namespace mobilediffusion::c
