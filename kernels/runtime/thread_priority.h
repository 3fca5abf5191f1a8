// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

namespace mobilediffusion::kernels {

// From now on the calling thread gives way to others, as the system has it for work that nobody waits for: nice 10 on
// Linux and Android, the background quality of service on Apple's systems, background mode on Windows. Not every
// process may undo it. False where the system has no such thing, or refuses.
bool run_in_background();

}  // namespace mobilediffusion::kernels
