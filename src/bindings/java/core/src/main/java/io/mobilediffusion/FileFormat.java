// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A picture's file. */
public enum FileFormat {
  PNG(0),
  JPEG(1);

  final int code;

  FileFormat(int code) {
    this.code = code;
  }
}
