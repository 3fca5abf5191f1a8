// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator computes in: a parameter of the operator, so that a layer can differ from its neighbours.
#pragma once

namespace mobilediffusion::kernels {

enum class Precision { kFloat32 };

}  // namespace mobilediffusion::kernels
