// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

namespace mobilediffusion {

// How many times longer a test may take: an emulator runs what was built for another machine.
inline constexpr int kSlowdown = MOBILEDIFFUSION_TESTS_SLOWDOWN;

// How often to try again what shows itself by repetition: an emulator is given a fifth of it.
constexpr int repetitions(int times) { return kSlowdown == 1 ? times : (times + 4) / 5; }

}  // namespace mobilediffusion
