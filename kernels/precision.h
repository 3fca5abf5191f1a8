// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator computes in: a parameter of the operator, so that a layer can differ from its neighbours.
//
// int8 is dynamic: weights are quantised by output channel, symmetrically, when they are packed; activations when they
// come, each picture or each row to its own range (Jacob et al., 2018, for the arithmetic). Accumulation is exact.
#pragma once

namespace mobilediffusion::kernels {

enum class Precision { kFloat32, kInt8 };

}  // namespace mobilediffusion::kernels
