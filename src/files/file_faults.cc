// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/file_faults.h"

#include <atomic>

namespace mobilediffusion {
namespace {

std::atomic<FileFaultHook> installed = nullptr;

}  // namespace

void set_file_fault_hook(FileFaultHook hook) { installed = hook; }

int file_fault(FileOperation operation) {
  const FileFaultHook hook = installed;
  return hook != nullptr ? hook(operation) : 0;
}

}  // namespace mobilediffusion
