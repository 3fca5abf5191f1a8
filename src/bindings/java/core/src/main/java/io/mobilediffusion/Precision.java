// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What the networks compute in. */
public enum Precision {
  FLOAT32(0),
  /** Half the memory; float32 where the processor has no such arithmetic. */
  FLOAT16(1),
  /** The fastest; weights and activations in 8 bits. */
  INT8(2),
  /** {@link #INT8} where the model's weights are kept in 8 bits, else {@link #FLOAT32}. */
  OF_MODEL(3);

  final int code;

  Precision(int code) {
    this.code = code;
  }
}
