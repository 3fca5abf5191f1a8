// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/own_location.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <dlfcn.h>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#endif
#endif

#include <cstdint>
#include <string>
#include <system_error>

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

#if defined(_WIN32)
fs::path path_of(HMODULE module) {
  std::wstring name(32768, L'\0');  // the longest path that there is
  name.resize(::GetModuleFileNameW(module, name.data(), static_cast<DWORD>(name.size())));
  return fs::path(name);
}
#else
fs::path canonical(const fs::path& path) {
  std::error_code error;
  fs::path found = fs::canonical(path, error);
  return error ? fs::path() : found;
}
#endif

}  // namespace

#if defined(_WIN32)
fs::path own_binary() {
  HMODULE module = nullptr;
  if (!::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            reinterpret_cast<LPCWSTR>(&own_binary), &module))
    return {};
  return path_of(module);
}

fs::path running_program() { return path_of(nullptr); }
#else
fs::path own_binary() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&own_binary), &info) != 0 && info.dli_fname != nullptr) {
    if (fs::path found = canonical(info.dli_fname); !found.empty()) return found;
  }
  return running_program();  // a static program, of which musl's dladdr() knows nothing
}

fs::path running_program() {
#if defined(__APPLE__)
  char name[4096];
  uint32_t size = sizeof name;
  return ::_NSGetExecutablePath(name, &size) == 0 ? canonical(name) : fs::path();
#else
  return canonical("/proc/self/exe");
#endif
}
#endif

}  // namespace mobilediffusion
