// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/environment.h"

#include <cstdlib>

#include "src/files/utf8_path.h"

namespace mobilediffusion {

std::string environment_variable(const char* name) {
#if defined(_WIN32)  // whose narrow environment is in the system's code page
  const wchar_t* const value = ::_wgetenv(std::wstring(name, name + std::char_traits<char>::length(name)).c_str());
  return value == nullptr ? "" : to_utf8(std::filesystem::path(value));
#else
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
#endif
}

}  // namespace mobilediffusion
