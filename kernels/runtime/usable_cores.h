// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How many cores are worth a thread each.
#pragma once

#include <string>

namespace mobilediffusion::kernels {

// The cores that this process may run on, without those that only slow the others down: of two hardware threads of one
// core one counts, and of a phone's clusters those with at least half the fastest core's capacity. Not more than a
// container's quota of processor time; at least one. `root` stands before the system's own paths, for tests.
int usable_cores(const std::string& root = {});

}  // namespace mobilediffusion::kernels
