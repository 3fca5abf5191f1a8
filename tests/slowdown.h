// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

namespace mobilediffusion {

// How many times longer a test may take: an emulator runs what was built for another machine.
inline constexpr int kSlowdown = MOBILEDIFFUSION_TESTS_SLOWDOWN;

}  // namespace mobilediffusion
