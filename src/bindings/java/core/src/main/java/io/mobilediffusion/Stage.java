// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A picture's stages, in order of their run; ENCODER first, where there is a picture to begin with. */
public enum Stage {
  TEXT(0),
  UNET(1),
  DECODER(2),
  ENCODER(3);

  final int code;

  Stage(int code) {
    this.code = code;
  }

  static Stage of(int code) {
    for (Stage value : values()) if (value.code == code) return value;
    throw new AssertionError("Stage " + code);
  }
}
