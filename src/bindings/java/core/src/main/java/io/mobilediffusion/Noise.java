// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Where a picture's noise comes from. */
public enum Noise {
  /** The same on every platform. */
  PHILOX(0),
  /** PyTorch's on a CPU. */
  TORCH(1);

  final int code;

  Noise(int code) {
    this.code = code;
  }
}
