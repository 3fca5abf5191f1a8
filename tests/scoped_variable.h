// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstdlib>
#include <string>

#if defined(_WIN32)
#include "src/files/utf8_path.h"
#endif

namespace mobilediffusion {

// A variable of the environment that is set for a while, and not before or after.
class ScopedVariable {
 public:
  ScopedVariable(const std::string& name, const std::string& value) : name_(name) {
#if defined(_WIN32)
    ::_wputenv_s(to_path(name_).c_str(), to_path(value).c_str());
#else
    ::setenv(name_.c_str(), value.c_str(), 1);
#endif
  }
  ~ScopedVariable() {
#if defined(_WIN32)
    ::_wputenv_s(to_path(name_).c_str(), L"");
#else
    ::unsetenv(name_.c_str());
#endif
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const std::string name_;
};

}  // namespace mobilediffusion
