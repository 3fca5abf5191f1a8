// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What a packed model's weights are stored in. */
public enum StoredWeights {
  /** The types that the model has them in. */
  AS_THEY_ARE(0),
  /** The large ones in 8 bits, which are computed in {@link Precision#INT8} unless another is asked for. */
  INT8(1),
  /** Those in float32 in float16. */
  FLOAT16(2);

  final int code;

  StoredWeights(int code) {
    this.code = code;
  }
}
