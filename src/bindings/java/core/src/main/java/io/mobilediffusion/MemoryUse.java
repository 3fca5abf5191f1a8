// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What stays in memory between a picture's stages. */
public enum MemoryUse {
  /** All networks. */
  KEEP(0),
  /** One network at a time: less memory, more time. */
  STREAM(1);

  final int code;

  MemoryUse(int code) {
    this.code = code;
  }
}
