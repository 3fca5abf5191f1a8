// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Whose flags tests/prelude.h is compiled with: a library has no header of its own without a source.
