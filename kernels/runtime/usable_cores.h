// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How many cores are worth a thread each.
#pragma once

#include <string>

namespace mobilediffusion::kernels {

// The cores that this process may run on, without those that only slow the others down (hardware_threads.h): of two
// hardware threads of one core one counts, of a phone's clusters those with at least half the fastest core's capacity,
// of a hybrid processor's cores all but the slowest kind. Not more than a container's quota of processor time; at least
// one. `root` stands before the paths of Linux, for tests.
int usable_cores(const std::string& root = {});

}  // namespace mobilediffusion::kernels
