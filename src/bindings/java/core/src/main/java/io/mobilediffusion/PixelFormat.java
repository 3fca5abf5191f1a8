// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** How the bytes of a pixel follow one another: 8-bit sRGB, rows from the top, no padding. */
public enum PixelFormat {
  RGB(3),
  /** Alpha is always 255. */
  RGBA(4);

  final int code;

  PixelFormat(int code) {
    this.code = code;
  }

  /** Bytes of a pixel. */
  public int bytes() {
    return code;
  }

  static PixelFormat of(int code) {
    for (PixelFormat value : values()) if (value.code == code) return value;
    throw new AssertionError("PixelFormat " + code);
  }
}
