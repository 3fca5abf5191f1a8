// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// For tests: lets any operation on files fail. Every read of the library and everything that it writes goes through
// mapped_file.h and file_io.h, which ask here before each operation. Nothing is set in production, where it costs one
// load of an atomic.
#pragma once

namespace mobilediffusion {

enum class FileOperation { kOpenToRead, kExamine, kMap, kRead, kOpenToWrite, kWrite, kFlush, kClose, kRename };

// Answers 0, or the value of errno to fail with.
using FileFaultHook = int (*)(FileOperation operation);

// Null takes it away. For one test at a time; the operations may be on any thread.
void set_file_fault_hook(FileFaultHook hook);

// What the hook answers; 0 without one.
int file_fault(FileOperation operation);

}  // namespace mobilediffusion
