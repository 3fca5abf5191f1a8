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
#endif

#include <string>
#include <system_error>

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

#if defined(_WIN32)
fs::path own_binary() {
  HMODULE module = nullptr;
  if (!::GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            reinterpret_cast<LPCWSTR>(&own_folder), &module))
    return {};
  std::wstring name(32768, L'\0');  // the longest path that there is
  name.resize(::GetModuleFileNameW(module, name.data(), static_cast<DWORD>(name.size())));
  return fs::path(name);
}
#else
fs::path own_binary() {
  Dl_info info;
  std::error_code error;
  if (::dladdr(reinterpret_cast<const void*>(&own_folder), &info) != 0 && info.dli_fname != nullptr) {
    if (fs::path found = fs::canonical(info.dli_fname, error); !error) return found;
  }
  // A static program, of which musl's dladdr() knows nothing.
  fs::path program = fs::canonical("/proc/self/exe", error);
  return error ? fs::path() : program;
}
#endif

}  // namespace

fs::path own_folder() { return own_binary().parent_path(); }

}  // namespace mobilediffusion
